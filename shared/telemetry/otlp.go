package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// otlp posts spans or metrics to a collector: OTLP over HTTP, in its JSON form. The
// exporter of the OpenTelemetry project does the same and brings gRPC with it.
type otlp struct {
	target  string
	headers http.Header
	client  *http.Client
}

// ExportSpans implements sdktrace.SpanExporter. What is refused is lost: traces
// are no promise.
func (o *otlp) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	body, err := encodeSpans(spans)
	if err != nil {
		return fmt.Errorf("otlp: %w", err)
	}
	return o.post(ctx, body)
}

// post sends one export.
func (o *otlp) post(ctx context.Context, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.target, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("otlp: %w", err)
	}
	for name, values := range o.headers {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := o.client.Do(req)
	if err != nil {
		return fmt.Errorf("otlp: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 512)) // the status is what matters
		return fmt.Errorf("otlp: the collector answers %s: %s", resp.Status, text)
	}
	return nil
}

// Shutdown implements sdktrace.SpanExporter.
func (o *otlp) Shutdown(context.Context) error {
	o.client.CloseIdleConnections()
	return nil
}

// console writes spans as lines of the same JSON.
type console struct{ out io.Writer }

// ExportSpans implements sdktrace.SpanExporter.
func (c console) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	body, err := encodeSpans(spans)
	if err != nil {
		return err
	}
	_, err = c.out.Write(append(body, '\n'))
	return err
}

// Shutdown implements sdktrace.SpanExporter.
func (c console) Shutdown(context.Context) error { return nil }

// The messages of OTLP's trace service, in their JSON form: ids in hex, 64-bit
// numbers as text, enums as numbers.
type (
	otlpRequest struct {
		ResourceSpans []*otlpResourceSpans `json:"resourceSpans"`
	}
	otlpResourceSpans struct {
		Resource   otlpResource     `json:"resource"`
		ScopeSpans []otlpScopeSpans `json:"scopeSpans"`
	}
	otlpResource struct {
		Attributes []otlpAttribute `json:"attributes"`
	}
	otlpScopeSpans struct {
		Scope otlpScope  `json:"scope"`
		Spans []otlpSpan `json:"spans"`
	}
	otlpScope struct {
		Name string `json:"name"`
	}
	otlpSpan struct {
		TraceID      string          `json:"traceId"`
		SpanID       string          `json:"spanId"`
		TraceState   string          `json:"traceState,omitempty"`
		ParentSpanID string          `json:"parentSpanId,omitempty"`
		Flags        uint32          `json:"flags"`
		Name         string          `json:"name"`
		Kind         int             `json:"kind"`
		Start        string          `json:"startTimeUnixNano"`
		End          string          `json:"endTimeUnixNano"`
		Attributes   []otlpAttribute `json:"attributes,omitempty"`
		Links        []otlpLink      `json:"links,omitempty"`
		Status       otlpStatus      `json:"status"`
	}
	otlpLink struct {
		TraceID string `json:"traceId"`
		SpanID  string `json:"spanId"`
	}
	otlpStatus struct {
		Code    int    `json:"code,omitempty"`
		Message string `json:"message,omitempty"`
	}
	otlpAttribute struct {
		Key   string         `json:"key"`
		Value map[string]any `json:"value"`
	}
)

// encodeSpans makes the body of one export.
func encodeSpans(spans []sdktrace.ReadOnlySpan) ([]byte, error) {
	var request otlpRequest
	groups := map[attribute.Distinct]*otlpResourceSpans{}
	for _, s := range spans {
		key := s.Resource().Equivalent()
		group := groups[key]
		if group == nil {
			group = &otlpResourceSpans{
				Resource:   otlpResource{encodeAttributes(s.Resource().Attributes())},
				ScopeSpans: []otlpScopeSpans{{Scope: otlpScope{instrumentation}}},
			}
			groups[key] = group
			request.ResourceSpans = append(request.ResourceSpans, group)
		}
		group.ScopeSpans[0].Spans = append(group.ScopeSpans[0].Spans, encodeSpan(s))
	}
	return json.Marshal(request)
}

func encodeSpan(s sdktrace.ReadOnlySpan) otlpSpan {
	c := s.SpanContext()
	out := otlpSpan{
		TraceID: c.TraceID().String(), SpanID: c.SpanID().String(), TraceState: c.TraceState().String(), Flags: uint32(c.TraceFlags()),
		Name: s.Name(), Kind: int(s.SpanKind()), // the numbers are OTLP's
		Start: strconv.FormatInt(s.StartTime().UnixNano(), 10), End: strconv.FormatInt(s.EndTime().UnixNano(), 10),
		Attributes: encodeAttributes(s.Attributes()),
	}
	if s.Parent().HasSpanID() {
		out.ParentSpanID = s.Parent().SpanID().String()
	}
	for _, l := range s.Links() {
		out.Links = append(out.Links, otlpLink{l.SpanContext.TraceID().String(), l.SpanContext.SpanID().String()})
	}
	out.Status = otlpStatus{Code: otlpCode[s.Status().Code.String()], Message: s.Status().Description}
	return out
}

// otlpCode gives OTLP's numbers, which are not those of the Go library.
var otlpCode = map[string]int{"Ok": 1, "Error": 2}

func encodeAttributes(list []attribute.KeyValue) []otlpAttribute {
	out := make([]otlpAttribute, len(list))
	for i, a := range list {
		var value map[string]any
		switch a.Value.Type() {
		case attribute.BOOL:
			value = map[string]any{"boolValue": a.Value.AsBool()}
		case attribute.INT64:
			value = map[string]any{"intValue": strconv.FormatInt(a.Value.AsInt64(), 10)}
		case attribute.FLOAT64:
			value = map[string]any{"doubleValue": a.Value.AsFloat64()}
		default:
			value = map[string]any{"stringValue": a.Value.String()}
		}
		out[i] = otlpAttribute{string(a.Key), value}
	}
	return out
}
