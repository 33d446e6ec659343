package value

import (
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"spiceharvester/shared/problem"
)

var (
	textUUID        = problem.Define("value.uuid", "Input should be a valid UUID in the form 8-4-4-4-12", "8-4-4-4-12 형식의 올바른 UUID여야 합니다.")
	textUUIDKind    = problem.Define("value.uuid_kind", "This UUID is not allowed here: version {version}", "허용되지 않는 UUID입니다: 버전 {version}")
	textUUIDVariant = problem.Define("value.uuid_variant", "This UUID is not allowed here: its variant is {variant}", "허용되지 않는 UUID입니다: 변형 {variant}")
	textEmail       = problem.Define("value.email", "Invalid email format", "이메일 형식이 올바르지 않습니다.")
	textDomain      = problem.Define("value.domain", "The domain must be one of: {domains}", "도메인은 다음 중 하나여야 합니다: {domains}")
	textURL         = problem.Define("value.url", "Input should be a valid URL such as https://example.com/path", "올바른 URL이어야 합니다. 예: https://example.com/path")
	textURI         = problem.Define("value.uri", "Input should be a URI with a scheme", "스킴이 있는 URI여야 합니다.")
	textURLPart     = problem.Define("value.url_part", "The URL must have {part}", "URL에는 {part} 항목이 있어야 합니다.")
	textIP          = problem.Define("value.ip", "Input should be a valid IP address", "올바른 IP 주소여야 합니다.")
	textIPKind      = problem.Define("value.ip_kind", "This IP address is not allowed here", "허용되지 않는 IP 주소입니다.")
	textExtension   = problem.Define("value.extension", "The file extension must be one of: {extensions}", "파일 확장자는 다음 중 하나여야 합니다: {extensions}")
)

var netSpecs = map[string]*spec{
	"uuid":       {group: groupText, build: buildUUID, sortKey: textKey},
	"email":      {group: groupText, build: buildEmail, sortKey: textKey},
	"xsd:anyURI": {group: groupText, build: simple(normalizeURI), sortKey: textKey},
	"url":        {group: groupText, build: buildURL, sortKey: textKey},
	"image":      {group: groupText, build: buildImage, sortKey: textKey},
	"ip":         {group: groupText, build: buildIP, sortKey: ipKey},

	"google_sheets_url": {group: groupText, build: buildSheetsURL, sortKey: textKey},
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

const nilUUID = "00000000-0000-0000-0000-000000000000"

// uuidWriters are the forms in which the constraint "format" has UUIDs stored.
var uuidWriters = map[string]func(s string) string{
	"":          func(s string) string { return s },
	"lowercase": func(s string) string { return s },
	"uppercase": strings.ToUpper,
	"nodashes":  func(s string) string { return strings.ReplaceAll(s, "-", "") },
	"urn":       func(s string) string { return "urn:uuid:" + s },
}

// uuidVariant names the variant by the first digit of the fourth group; the
// nil UUID falls under the first.
func uuidVariant(s string) string {
	switch c := s[19]; {
	case c < '8':
		return "reserved for NCS compatibility"
	case c < 'c':
		return "specified in RFC 4122"
	case c < 'e':
		return "reserved for Microsoft compatibility"
	}
	return "reserved for future definition"
}

// dashed brings the forms of "format" back into the dashed one: what was stored can be
// sent again.
func dashed(s string) string {
	s = strings.TrimPrefix(strings.ToLower(s), "urn:uuid:")
	if len(s) == 32 {
		s = s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
	}
	return s
}

// buildUUID accepts the dashed form and that of "format"; the normal form is lower case
// with dashes unless "format" says otherwise. The nil UUID has no version.
func buildUUID(p *params) normalizer {
	var versions []string
	if _, v := p.take("version"); v != nil {
		list, isList := v.([]any)
		if !isList {
			list = []any{v}
		}
		for _, item := range list {
			n, ok := item.(json.Number)
			if !ok {
				p.wrong(problem.TypeInt, "version", v)
			}
			versions = append(versions, n.String())
		}
	}
	allowNil := p.flag("allowNil", true)
	variant := p.text("variant")
	format := p.text("format")
	write, known := uuidWriters[format]
	if !known {
		p.errs.AddValue(problem.TypeValue, problem.At(p.loc, "format"), textBadFormat.With("format", format), format)
	}
	return scalar(func(v any) (any, *fault) {
		s, ok := v.(string)
		if !ok {
			return nil, wrongType(problem.TypeString)
		}
		if s = strings.ToLower(s); format == "nodashes" || format == "urn" {
			s = dashed(s)
		}
		if !uuidForm.MatchString(s) {
			return nil, &fault{problem.TypeUUIDParsing, textUUID.With()}
		}
		version := s[14:15]
		if s == nilUUID {
			if !allowNil {
				return nil, invalid(textUUIDKind, "version", "nil")
			}
		} else if len(versions) > 0 && !slices.Contains(versions, version) {
			return nil, invalid(textUUIDKind, "version", version)
		}
		if variant != "" && !strings.Contains(strings.ToLower(uuidVariant(s)), strings.ToLower(strings.ReplaceAll(variant, "_", " "))) {
			return nil, invalid(textUUIDVariant, "variant", uuidVariant(s))
		}
		return write(s), nil
	})
}

// Letters and digits of every script are taken, as mail servers do since RFC 6531.
var (
	emailLocal = regexp.MustCompile("^[\\p{L}\\p{N}!#$%&'*+/=?^_`{|}~-]+(\\.[\\p{L}\\p{N}!#$%&'*+/=?^_`{|}~-]+)*$")
	hostName   = regexp.MustCompile(`^[\p{L}\p{N}]([\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?(\.[\p{L}\p{N}]([\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?)*$`)
)

// buildEmail keeps the local part and lower-cases the domain.
func buildEmail(p *params) normalizer {
	domains := p.texts("allowedDomains")
	return scalar(func(v any) (any, *fault) {
		s, ok := v.(string)
		if !ok {
			return nil, wrongType(problem.TypeString)
		}
		// The limits are those of RFC 5321: 64 bytes before the sign, 254 in all.
		at := strings.LastIndexByte(s, '@')
		if at < 1 || at > 64 || len(s) > 254 {
			return nil, invalid(textEmail)
		}
		local, domain := s[:at], strings.ToLower(s[at+1:])
		if !emailLocal.MatchString(local) || !hostName.MatchString(domain) || !strings.Contains(domain, ".") {
			return nil, invalid(textEmail)
		}
		if len(domains) > 0 && !containsFold(domains, domain) {
			return nil, invalid(textDomain, "domains", domains)
		}
		return local + "@" + domain, nil
	})
}

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(item string) bool { return strings.EqualFold(item, s) })
}

// normalizeURI wants a scheme and something behind it; nothing else is known of a URI.
func normalizeURI(v any) (any, *fault) {
	s, ok := v.(string)
	if !ok {
		return nil, wrongType(problem.TypeString)
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || len(s) == len(u.Scheme)+1 {
		return nil, &fault{problem.TypeURLParsing, textURI.With()}
	}
	return s, nil
}

// urlRules are the constraints on URLs. The URL itself is kept as it was sent.
type urlRules struct {
	schemes, domains        []string
	https, needPath, needQu bool
	extensions              []string
}

// readURLRules reads the constraints. The schemes are those allowed unless the
// constraints name others.
func readURLRules(p *params, schemes ...string) urlRules {
	r := urlRules{schemes: p.texts("allowedSchemes"), domains: p.texts("allowedDomains"),
		https: p.flag("requireHttps", false), needPath: p.flag("requirePath", false), needQu: p.flag("requireQuery", false)}
	if len(r.schemes) == 0 {
		r.schemes = schemes
	}
	return r
}

// check parses the URL. A domain allows its sub-domains; a file has no host.
func (r urlRules) check(s string) *fault {
	u, err := url.Parse(s)
	if err != nil || !containsFold(r.schemes, u.Scheme) || u.Host == "" && u.Scheme != "file" {
		return &fault{problem.TypeURLParsing, textURL.With()}
	}
	host := strings.ToLower(u.Hostname())
	inDomain := func(d string) bool {
		d = strings.ToLower(d)
		return host == d || strings.HasSuffix(host, "."+d)
	}
	switch {
	case r.https && u.Scheme != "https":
		return invalid(textURLPart, "part", "https")
	case r.needPath && strings.Trim(u.Path, "/") == "":
		return invalid(textURLPart, "part", "path")
	case r.needQu && u.RawQuery == "":
		return invalid(textURLPart, "part", "query")
	case len(r.domains) > 0 && !slices.ContainsFunc(r.domains, inDomain):
		return invalid(textDomain, "domains", r.domains)
	case len(r.extensions) > 0 && !containsFold(r.extensions, path.Ext(u.Path)):
		return invalid(textExtension, "extensions", r.extensions)
	}
	return nil
}

// buildURL accepts web addresses. Other schemes must be allowed by name, so that no
// javascript: link comes out of a property that a console shows.
func buildURL(p *params) normalizer { return readURLRules(p, "http", "https").normalizer() }

// imageExtensions are asked for by requireExtension.
var imageExtensions = []string{".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tiff", ".tif", ".svg", ".ico"}

// buildImage accepts the address of an image. It does not fetch it.
func buildImage(p *params) normalizer {
	r := readURLRules(p, "http", "https", "file")
	r.extensions = p.texts("allowedExtensions")
	if p.flag("requireExtension", false) && len(r.extensions) == 0 {
		r.extensions = imageExtensions
	}
	return r.normalizer()
}

func (r urlRules) normalizer() normalizer {
	return scalar(func(v any) (any, *fault) {
		s, ok := v.(string)
		if !ok {
			return nil, wrongType(problem.TypeString)
		}
		if bad := r.check(s); bad != nil {
			return nil, bad
		}
		return s, nil
	})
}

// buildIP writes an address in its shortest form.
func buildIP(p *params) normalizer {
	version := ""
	if _, v := p.take("version"); v != nil {
		switch v := v.(type) {
		case string:
			version = v
		case json.Number:
			version = v.String()
		default:
			p.wrong(problem.TypeString, "version", v)
		}
	}
	_, private := p.take("requirePrivate")
	if _, ok := private.(bool); private != nil && !ok {
		p.wrong(problem.TypeBool, "requirePrivate", private)
	}
	loopback, multicast := p.flag("allowLoopback", true), p.flag("allowMulticast", true)
	allowed, blocked := p.prefixes("allowedRanges"), p.prefixes("blockedRanges")
	return scalar(func(v any) (any, *fault) {
		s, ok := v.(string)
		if !ok {
			return nil, wrongType(problem.TypeString)
		}
		ip, err := netip.ParseAddr(s)
		if err != nil || ip.Zone() != "" {
			return nil, invalid(textIP)
		}
		in := func(r netip.Prefix) bool { return r.Contains(ip) }
		switch {
		case version == "4" && !ip.Is4(), version == "6" && !ip.Is6(),
			private == true && !ip.IsPrivate(), private == false && ip.IsPrivate(),
			!loopback && ip.IsLoopback(), !multicast && ip.IsMulticast(),
			len(allowed) > 0 && !slices.ContainsFunc(allowed, in), slices.ContainsFunc(blocked, in):
			return nil, invalid(textIPKind)
		}
		return ip.String(), nil
	})
}

// prefixes reads a list of networks such as 10.0.0.0/8.
func (p *params) prefixes(key string) []netip.Prefix {
	var out []netip.Prefix
	for i, s := range p.texts(key) {
		r, err := netip.ParsePrefix(s)
		if err != nil {
			p.errs = append(p.errs, problem.InvalidValue(problem.At(p.loc, key, i), textBadConstraint.With("key", key+" "+strconv.Quote(s)), s))
			continue
		}
		out = append(out, r)
	}
	return out
}

// ipKey orders addresses by their bits, IPv4 before IPv6.
func ipKey(v any) string {
	s, _ := v.(string)
	ip, err := netip.ParseAddr(s)
	if err != nil {
		return textKey(v)
	}
	family := "4:"
	if ip.Is6() {
		family = "6:"
	}
	return family + hex.EncodeToString(ip.AsSlice())
}
