/*
 * Three scripts that are the same for all routes: codes, cluster and names are data of the route. Objects of Envoy's are
 * fetched anew after each wait, as they do not outlive one; plain tables and strings do.
 */

/**
 * Keeps what the client sent, and replaces an answer with one of the codes by that of the route's error pages. An answer
 * to a request that came past the limits and not to the backend is a refusal by an address list or authentication, and stays; so
 * does one of the WAF, before this filter: there is nothing kept then (CVE-2026-24513).
 *
 * The error pages are asked when the body that is thrown away has ended: a body that has begun to pass cannot be replaced
 * any more. They get no body, and so nothing that is said of one.
 */
export const REPLACE_ERRORS = `
local NOTES = "sluice.custom-errors"
local OF_THE_CONNECTION = {
  ["connection"] = true, ["keep-alive"] = true, ["proxy-connection"] = true, ["te"] = true, ["trailer"] = true,
  ["transfer-encoding"] = true, ["upgrade"] = true,
}
local OF_THE_BODY = {
  ["content-encoding"] = true, ["content-length"] = true, ["content-type"] = true, ["expect"] = true,
}

local function names_of(headers)
  local names = {}
  for name in pairs(headers) do names[#names + 1] = name end
  return names
end

local function of_envoy(name)
  return string.sub(name, 1, 8) == "x-envoy-"
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local kept = {}
  for _, name in ipairs(names_of(headers)) do
    if not (OF_THE_CONNECTION[name] or OF_THE_BODY[name] or of_envoy(name)) then kept[name] = headers:get(name) end
  end
  local notes = handle:streamInfo():dynamicMetadata()
  notes:set(NOTES, "request", kept)
  notes:set(NOTES, "came", "to limits")
end

local function question(handle, request, status, tell)
  local client = string.match(handle:streamInfo():downstreamRemoteAddress(), "^%[?(.-)%]?:%d+$")
  request["x-code"] = status
  request["x-format"] = request["accept"]
  request["x-original-uri"] = request[":path"]
  request["x-forwarded-for"] = client
  request["x-forwarded-host"] = request[":authority"]
  request["x-real-ip"] = client
  request[":path"] = "/"
  for name, value in pairs(tell) do request[name] = value end
  return request
end

local function take_over(headers, answer)
  for _, name in ipairs(names_of(headers)) do
    if name ~= ":status" and name ~= "strict-transport-security" then headers:remove(name) end
  end
  for name, value in pairs(answer) do
    if OF_THE_CONNECTION[name] or of_envoy(name) then
    elseif type(value) == "table" then for _, each in ipairs(value) do headers:add(name, each) end
    else headers:replace(name, value) end
  end
end

function envoy_on_response(handle)
  local notes = handle:streamInfo():dynamicMetadata():get(NOTES)
  if notes == nil or notes["request"] == nil or notes["came"] == "past limits" then return end
  local context = handle:filterContext()
  local status = handle:headers():get(":status")
  if not context:get("codes")[status] then return end
  local cluster = context:get("cluster")
  local request = question(handle, notes["request"], status, context:get("tell"))
  handle:body(true)
  local answer, body = handle:httpCall(cluster, request, nil, {
    timeout_ms = 60000, return_duplicate_headers = true, send_xff = false,
  })
  take_over(handle:headers(), answer)
  if body ~= nil then
    handle:headers():replace("content-length", tostring(#body))
    handle:body(true):setBytes(body)
  end
  local trailers = handle:trailers()
  if trailers == nil then return end
  for _, name in ipairs(names_of(trailers)) do trailers:remove(name) end
end
`;

/** Notes that no limit refused the request. */
export const CAME_PAST_LIMITS = `
function envoy_on_request(handle)
  handle:streamInfo():dynamicMetadata():set("sluice.custom-errors", "came", "past limits")
end
`;

/** Notes that nothing refused the request, and empties bodies that are going to be replaced, as they come: none is held. */
export const CAME_TO_BACKEND = `
local NOTES = "sluice.custom-errors"

function envoy_on_request(handle)
  handle:streamInfo():dynamicMetadata():set(NOTES, "came", "to backend")
end

function envoy_on_response(handle)
  local notes = handle:streamInfo():dynamicMetadata():get(NOTES)
  if notes == nil or notes["came"] ~= "to backend" then return end
  if not handle:filterContext():get("codes")[handle:headers():get(":status")] then return end
  for chunk in handle:bodyChunks() do chunk:setBytes("") end
end
`;
