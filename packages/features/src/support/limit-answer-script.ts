import { LIMITED_HEADER, type LimitKind } from "@sluice/model";

const OF_CLIENT: LimitKind = "in-flight-here";

/**
 * Gives what is over a shared limit the answer of its route: metadata of the route, by the kind of limit; what says nothing
 * there has the default. The same for all routes: nothing of a user's text is in it. gRPC answers stay as Envoy makes them,
 * and answers without a body, to HEAD, stay without one.
 *
 * Envoy's rate limit service can say body and headers of a refusal, but not its status, and it may not be there.
 */
export function limitAnswerScript(clientStatus: 429 | 503): string {
  return `
local DEFAULT = { status = "429", type = "text/plain; charset=UTF-8", body = "sentinel rate limited" }
local OF_CLIENT = { status = "${clientStatus}", type = "text/plain", body = "local_rate_limited" }

function envoy_on_response(handle)
  local headers = handle:headers()
  local kind = headers:get("${LIMITED_HEADER}")
  if kind == nil then return end
  headers:remove("${LIMITED_HEADER}")
  if headers:get("grpc-status") ~= nil then return end
  local answer = DEFAULT
  if kind == "${OF_CLIENT}" then answer = OF_CLIENT end
  answer = handle:metadata():get(kind) or answer
  headers:replace(":status", answer.status)
  headers:remove("content-type")
  if answer.location ~= nil then headers:replace("location", answer.location)
  else headers:replace("content-type", answer.type) end
  headers:replace("content-length", #answer.body)
  local body = handle:body()
  if body ~= nil then body:setBytes(answer.body) end
end
`;
}
