package search

import (
	"math"
	"strconv"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/inverted"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// geoDistance matches places within a distance of a centre.
type geoDistance struct {
	field    string
	lat, lon float64
	metres   float64
}

// metresPer are the units of a distance.
var metresPer = []struct {
	unit   string
	metres float64
}{{"km", 1000}, {"mi", 1609.344}, {"cm", 0.01}, {"mm", 0.001}, {"yd", 0.9144}, {"ft", 0.3048}, {"m", 1}, {"", 1}}

func parseGeoDistance(v xcontent.Value) (Query, *eserr.Error) {
	c := common{boost: 1}
	q := geoDistance{}
	for m := range v.Members() {
		if known, err := c.take(m); err != nil {
			return nil, err
		} else if known {
			continue
		}
		if m.Key() == "distance" {
			for _, u := range metresPer {
				if n, ok := strings.CutSuffix(m.Text(), u.unit); ok {
					f, err := strconv.ParseFloat(strings.TrimSpace(n), 64)
					if err != nil {
						return nil, eserr.NumberFormat(n)
					}
					q.metres = f * u.metres
					break
				}
			}
			continue
		}
		if m.Key() == "distance_type" || q.field != "" {
			return nil, eserr.Parsing(m.Start(), "[geo_distance] query does not support [%s]", m.Key())
		}
		lat, lon, err := mapping.ParsePoint(m)
		if err != nil {
			return nil, err
		}
		q.field, q.lat, q.lon = m.Key(), lat, lon
	}
	if q.metres <= 0 {
		return nil, eserr.IllegalArgument("distance must be greater than zero")
	}
	return c.wrap(q), nil
}

func (q geoDistance) eval(r *Reader) (matches, *eserr.Error) {
	f, _ := r.Mapping.Field(q.field)
	if f == nil {
		return matches{}, r.shard(eserr.IllegalArgument("failed to find geo field [%s]", q.field))
	}
	if f.Class != mapping.Geo {
		return matches{}, r.shard(eserr.IllegalArgument("field [%s] is of unsupported type [%s] for [geo_distance] query", q.field, f.Type))
	}
	return marked(func(b *inverted.Bits) {
		r.Points(f.Path).Mark(r.Limit, b, func(p [2]float64) bool { return haversine(p[0], p[1], q.lat, q.lon) <= q.metres })
	}), nil
}

// haversine is the distance of two places in metres.
func haversine(lat1, lon1, lat2, lon2 float64) float64 {
	const earth, rad = 6371008.7714, math.Pi / 180
	h := math.Pow(math.Sin((lat2-lat1)*rad/2), 2) + math.Cos(lat1*rad)*math.Cos(lat2*rad)*math.Pow(math.Sin((lon2-lon1)*rad/2), 2)
	return 2 * earth * math.Asin(math.Sqrt(h))
}

func geoJSON(p [2]float64) xcontent.Obj {
	return xcontent.Obj{{Key: "coordinates", Val: []any{p[1], p[0]}}, {Key: "type", Val: "Point"}}
}
