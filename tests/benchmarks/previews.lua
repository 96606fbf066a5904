-- wrk: count an audience made of ten tags, b0 to b9.
-- Arguments: key.

dofile("report.lua")

local body = '{"expression":{"all":[{"tag":"b0"},' ..
  '{"any":[{"tag":"b1"},{"tag":"b2"},{"tag":"b3"}]},{"any":[{"tag":"b4"},{"tag":"b5"}]},' ..
  '{"not":{"any":[{"tag":"b6"},{"tag":"b7"}]}},{"any":[{"tag":"b8"},{"tag":"b9"}]}]}}'

function init(args)
  wrk.method = "POST"
  wrk.headers["Authorization"] = "Bearer " .. args[1]
  wrk.headers["Content-Type"] = "application/json"
end

function request()
  return wrk.format(nil, "/api/v1/audiences/preview", nil, body)
end
