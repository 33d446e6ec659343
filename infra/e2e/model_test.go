package e2e

import (
	"net/url"

	"spiceharvester/infra/e2e/client"
)

// The paths of the BFF below a database.
func ontology(db string) string         { return "/api/v1/databases/" + db + "/ontology" }
func instances(db, class string) string { return "/api/v1/databases/" + db + "/instances/" + class }

func instancePath(db, class, id string) string {
	return "/api/v1/databases/" + db + "/class/" + class + "/instance/" + url.PathEscape(id)
}

// product declares a class with a declared key and a few types.
func product(bff api, db string) *client.Response {
	bff.t.Helper()
	return bff.done("POST", ontology(db), object{
		"id": "Product", "label": object{"en": "Product", "ko": "제품"}, "description": "what is sold",
		"properties": list{
			object{"name": "product_id", "type": "string", "label": object{"en": "Product id", "ko": "제품 번호"}, "primary_key": true},
			object{"name": "name", "type": "string", "label": object{"en": "Name", "ko": "이름"}},
			object{"name": "price", "type": "decimal", "label": object{"en": "Price", "ko": "가격"}, "constraints": object{"min": 0}},
			object{"name": "stock", "type": "integer", "label": object{"en": "Stock", "ko": "재고"}},
			object{"name": "sizes", "type": "json", "label": object{"en": "Sizes", "ko": "크기"}},
		},
	})
}
