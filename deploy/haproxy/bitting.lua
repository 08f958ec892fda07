-- Forward-auth for HAProxy 2.6 and later: `http-request lua.bitting` asks bitting about the request. An allowed one gets
-- the variable txn.bitting = "allowed" and the identity headers; a denied one is answered. The variable
-- txn.bitting_query is the query of the question, proc.bitting_address is where bitting is.
local IDENTITY = {
    "x-bitting-key-id", "x-bitting-kind", "x-bitting-name", "x-bitting-environment",
    "x-bitting-user-id", "x-bitting-org-id", "x-bitting-scopes", "x-bitting-metadata",
}

-- Not the client's to say, or about its connection and its body alone.
local DROPPED = {
    "host", "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect", "content-length",
    "x-forwarded-method", "x-forwarded-uri", "x-original-method", "x-original-uri",
}

local TIMEOUT_MS = 2000

local function question(txn)
    local headers = txn.http:req_get_headers()
    local host = txn.sf:req_fhdr("host")
    for _, name in ipairs(DROPPED) do headers[name] = nil end
    headers["x-forwarded-method"] = { txn.sf:method() }
    headers["x-forwarded-uri"] = { txn.sf:pathq() }
    headers["x-forwarded-host"] = { host }
    headers["x-forwarded-for"] = { txn.sf:src() }
    headers["x-forwarded-proto"] = { txn.f:ssl_fc() == 1 and "https" or "http" }
    return headers
end

local function first(headers, name)
    local values = headers and headers[name]
    return values and (values[0] or values[1]) or ""
end

local function deny(txn, answer)
    local reply = txn:reply { status = answer.status, body = answer.body }
    for _, name in ipairs({ "content-type", "www-authenticate", "retry-after" }) do
        local value = first(answer.headers, name)
        if value ~= "" then reply:add_header(name, value) end
    end
    txn:done(reply)
end

local function allow(txn, answer)
    for _, name in ipairs(IDENTITY) do
        local value = first(answer.headers, name):match("^%s*(.-)%s*$")
        txn.http:req_del_header(name)
        if value ~= "" then txn.http:req_set_header(name, value) end
    end
    txn:set_var("txn.bitting", "allowed")
end

local function ask(txn)
    local url, query = txn:get_var("proc.bitting_address"), txn:get_var("txn.bitting_query")
    if query then url = url .. "?" .. query end
    txn:set_var("txn.bitting", "denied")
    local answer = core.httpclient():get { url = url, headers = question(txn), timeout = TIMEOUT_MS }
    if not answer or not answer.status then return end
    if answer.status == 200 then
        allow(txn, answer)
    elseif answer.status == 401 or answer.status == 403 or answer.status == 429 then
        deny(txn, answer)
    end
end

core.register_action("bitting", { "http-req" }, ask)
