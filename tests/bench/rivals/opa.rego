# What bitting answers to ext_authz, for keys that lie in data.keys by the digest of their token.
package bitting

import rego.v1

default allow := false

header := input.attributes.request.http.headers.authorization

allow if {
	startswith(header, "Bearer ")
	key := data.keys[crypto.sha256(substring(header, 7, -1))]
	key.scopes["users.read"]
}
