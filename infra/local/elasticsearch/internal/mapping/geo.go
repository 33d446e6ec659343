package mapping

import (
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// point reads a geo_point: {"lat","lon"}, "lat,lon" or [lon, lat].
func (r *reader) point(v xcontent.Value, f *Field, out *Values) *eserr.Error {
	if v.Kind() == xcontent.Null {
		return nil
	}
	if v.Kind() == xcontent.Array && !v.Empty() && !number(v) {
		for item := range v.Members() {
			if err := r.point(item, f, out); err != nil {
				return err
			}
		}
		return nil
	}
	lat, lon, cause := ParsePoint(v)
	if cause == nil {
		cause = checkPoint(lat, lon, f.Path)
	}
	switch {
	case cause == nil:
		out.Points = append(out.Points, Point{f, lat, lon})
		return nil
	case f.IgnoreMalformed:
		r.out.Ignored = append(r.out.Ignored, f.Path)
		return nil
	}
	at := v.Start()
	if v.Kind() >= xcontent.Object {
		at = v.End()
	}
	return parsing(at, "failed to parse field [%s] of type [%s]", f.Path, f.Type).By(cause)
}

func number(list xcontent.Value) bool {
	for item := range list.Members() {
		return item.Kind() == xcontent.Int || item.Kind() == xcontent.Float
	}
	return false
}

func checkPoint(lat, lon float64, path string) *eserr.Error {
	if lat < -90 || lat > 90 {
		return eserr.IllegalArgument("illegal latitude value [%s] for %s", xcontent.FormatDouble(lat), path)
	}
	if lon < -180 || lon > 180 {
		return eserr.IllegalArgument("illegal longitude value [%s] for %s", xcontent.FormatDouble(lon), path)
	}
	return nil
}

// ParsePoint reads a place in one of the forms of a geo_point.
func ParsePoint(v xcontent.Value) (lat, lon float64, err *eserr.Error) {
	var a, b string
	switch v.Kind() {
	case xcontent.Object:
		for m := range v.Members() {
			switch m.Key() {
			case "lat":
				a = m.Text()
			case "lon":
				b = m.Text()
			default:
				return 0, 0, eserr.New(400, "parse_exception", "field must be either [lon|lat], [type|coordinates], or [geohash]")
			}
		}
	case xcontent.Array:
		i := 0
		for m := range v.Members() {
			switch i {
			case 0:
				b = m.Text()
			case 1:
				a = m.Text()
			}
			i++
		}
	default:
		var ok bool
		if a, b, ok = strings.Cut(v.Text(), ","); !ok {
			return 0, 0, eserr.New(400, "parse_exception", "unsupported symbol in geo_point [%s]", v.Text())
		}
	}
	if lat, err = ParseDouble(strings.TrimSpace(a)); err != nil {
		return 0, 0, eserr.New(400, "parse_exception", "latitude must be a number")
	}
	if lon, err = ParseDouble(strings.TrimSpace(b)); err != nil {
		return 0, 0, eserr.New(400, "parse_exception", "longitude must be a number")
	}
	return lat, lon, nil
}
