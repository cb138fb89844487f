/**
 * Says of each request what became of the client's certificate, as NGINX does, and turns away those that the host does not
 * want. Constant: what a host wants is data of its configuration, `refuse` (`failed` or `all`) and `page`.
 */
export const CLIENT_CERTIFICATE_SCRIPT = `
function envoy_on_request(handle)
  local verdict = "NONE"
  local tls = handle:streamInfo():downstreamSslConnection()
  if tls ~= nil and tls:peerCertificatePresented() then
    verdict = tls:peerCertificateValidated() and "SUCCESS" or "FAILED:certificate not trusted"
  end
  local context = handle:filterContext()
  local refuse = context:get("refuse")
  if verdict ~= "SUCCESS" and (refuse == "all" or (refuse == "failed" and verdict ~= "NONE")) then
    local page = context:get("page")
    if page ~= nil then
      handle:respond({[":status"] = "302", ["location"] = page}, "")
    else
      handle:respond({[":status"] = "403"}, "")
    end
    return
  end
  handle:headers():replace("ssl-client-verify", verdict)
end
`;
