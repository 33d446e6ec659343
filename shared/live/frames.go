package live

import (
	"encoding/json"
	"regexp"

	"spiceharvester/shared/command"
	"spiceharvester/shared/event"
)

// idPattern is what client and user ids look like.
var idPattern = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,50}$`)

// ValidID reports whether a text may be a client's or a user's id.
func ValidID(text string) bool { return idPattern.MatchString(text) }

// incoming is a message of a client.
type incoming struct {
	Type      string          `json:"type"`
	CommandID any             `json:"command_id"`
	Timestamp json.RawMessage `json:"timestamp"`
}

// The messages to clients.
type (
	established struct {
		Type      string `json:"type"`
		ClientID  string `json:"client_id"`
		CommandID string `json:"command_id,omitempty"`
		UserID    string `json:"user_id,omitempty"`
		Message   string `json:"message"`
		// Since is the time from which on the user's ended commands and tasks are told;
		// Truncated that there are more of them than are told.
		Since     string `json:"since,omitempty"`
		Truncated bool   `json:"truncated,omitempty"`
	}
	update struct {
		Type      string         `json:"type"`
		CommandID event.ID       `json:"command_id"`
		Timestamp string         `json:"timestamp"`
		Data      command.Status `json:"data"`
	}
	taskUpdate struct {
		Type      string   `json:"type"`
		Timestamp string   `json:"timestamp"`
		Data      taskNews `json:"data"`
	}
	taskNews struct {
		Event  string   `json:"event"` // task_created, task_status_changed, task_progress
		TaskID event.ID `json:"task_id"`
		Task   any      `json:"task"` // as GET /tasks/{task_id} shows it
	}
	subscriptionResult struct {
		Type      string `json:"type"`
		Action    string `json:"action"`
		CommandID string `json:"command_id"`
		Success   bool   `json:"success"`
		Message   string `json:"message,omitempty"`
	}
	subscriptions struct {
		Type     string     `json:"type"`
		Commands []event.ID `json:"subscribed_commands"`
	}
	beat struct {
		Type      string `json:"type"` // ping or pong
		Timestamp any    `json:"timestamp"`
	}
	failure struct {
		Type    string `json:"type"`
		Message string `json:"message"`
	}
)

// What a task's news are.
const (
	taskCreated  = "task_created"
	taskChanged  = "task_status_changed"
	taskProgress = "task_progress"
)

// Texts of the contract, which clients compare; they have one language.
const (
	textNoJSON      = "Invalid JSON format"
	textUnknownType = "Unknown message type: "
	textSubscribe   = "command_id is required for subscription"
	textUnsubscribe = "command_id is required for unsubscription"
	textBadID       = "command_id is not a UUID"
	textTooMany     = "too many subscriptions on this connection"
)
