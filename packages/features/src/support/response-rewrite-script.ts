/**
 * Rewrites Location, Refresh and the attributes Domain and Path of Set-Cookie, as NGINX does by `proxy_redirect`,
 * `proxy_cookie_domain` and `proxy_cookie_path`. The same for all routes: what to look for, and what takes its place, are
 * metadata of the route. Texts are compared plainly, never as patterns. A cookie that begins with `ownCookie` is the gateway's
 * and not the backend's.
 */
export const RESPONSE_REWRITE_SCRIPT = `
local function replace_start(text, pair)
  if string.sub(text, 1, #pair.from) ~= pair.from then return text end
  return pair.to .. string.sub(text, #pair.from + 1)
end

local function without_dot(text)
  return string.lower((string.gsub(text, "^%.", "")))
end

local function replace_domain(text, pair)
  if without_dot(text) ~= without_dot(pair.from) then return text end
  return pair.to
end

local function rewrite_attribute(part, domain, path)
  local before, name, equals, value = string.match(part, "^(%s*)([^=]-)(%s*=%s*)(.*)$")
  if name == nil then return part end
  local key = string.lower(name)
  if key == "domain" and domain ~= nil then value = replace_domain(value, domain)
  elseif key == "path" and path ~= nil then value = replace_start(value, path) end
  return before .. name .. equals .. value
end

local function rewrite_cookie(cookie, domain, path)
  local parts = {}
  for part in string.gmatch(cookie .. ";", "([^;]*);") do
    if #parts == 0 then parts[1] = part
    else parts[#parts + 1] = rewrite_attribute(part, domain, path) end
  end
  return table.concat(parts, ";")
end

local function rewrite_refresh(text, pair)
  local _, last = string.find(string.lower(text), "url=", 1, true)
  if last == nil then return text end
  return string.sub(text, 1, last) .. replace_start(string.sub(text, last + 1), pair)
end

local function rewrite_header(headers, name, rewrite, pair)
  local text = headers:get(name)
  if text == nil then return end
  local changed = rewrite(text, pair)
  if changed ~= text then headers:replace(name, changed) end
end

function envoy_on_response(handle)
  local data, headers = handle:metadata(), handle:headers()
  local redirect = data:get("redirect")
  if redirect ~= nil then
    rewrite_header(headers, "location", replace_start, redirect)
    rewrite_header(headers, "refresh", rewrite_refresh, redirect)
  end
  local domain, path = data:get("cookieDomain"), data:get("cookiePath")
  local own = data:get("ownCookie")
  local count = headers:getNumValues("set-cookie")
  if count == 0 or (domain == nil and path == nil) then return end
  local cookies = {}
  for index = 0, count - 1 do
    local cookie = headers:getAtIndex("set-cookie", index)
    if own ~= nil and string.sub(cookie, 1, #own) == own then cookies[index] = cookie
    else cookies[index] = rewrite_cookie(cookie, domain, path) end
  end
  headers:remove("set-cookie")
  for index = 0, count - 1 do headers:add("set-cookie", cookies[index]) end
end
`;
