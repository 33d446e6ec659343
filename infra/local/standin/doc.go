// Package standin has what the local stand-ins of real servers share: a
// listener on 127.0.0.1 that stops cleanly, and switches that make a server
// misbehave.
package standin
