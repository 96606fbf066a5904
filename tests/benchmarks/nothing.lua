-- wrk: the call that does nothing, for what the server itself takes.

dofile("report.lua")

function request()
  return wrk.format("GET", "/healthz")
end
