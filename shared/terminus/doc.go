// Package terminus speaks to a TerminusDB: databases, documents of the schema and
// of the instances, and WOQL. It knows nothing of what is stored.
//
// Calls go over the transport that they are given, with a limit of time and of
// answer size each. Errors say whether another try may help: see [Error].
package terminus
