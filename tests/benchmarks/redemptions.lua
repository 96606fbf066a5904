-- wrk: points held, then captured: every answer to a hold is followed by its capture.
-- Arguments: key, members (ids from 1; 1: all at one member), points of each hold.

local workers = {}

function setup(thread)
  thread:set("thread_number", #workers)
  table.insert(workers, thread)
end

function init(args)
  members, points = tonumber(args[2]), tonumber(args[3])
  held, captured, refused, wrong = {}, 0, 0, 0
  math.randomseed(thread_number)
  wrk.method = "POST"
  wrk.headers["Authorization"] = "Bearer " .. args[1]
  wrk.headers["Content-Type"] = "application/json"
end

function request()
  local id = table.remove(held)
  if id then
    return wrk.format(nil, "/api/v1/redemptions/" .. id .. "/capture", nil, "{}")
  end
  local path = "/api/v1/members/" .. math.random(members) .. "/redemptions"
  return wrk.format(nil, path, nil, '{"points":' .. points .. "}")
end

function response(status, headers, body)
  if status == 201 then
    table.insert(held, body:match('"id":(%d+)'))
  elseif status == 200 then
    captured = captured + 1
  elseif body:find('"insufficient_points"', 1, true) then
    refused = refused + 1
  else
    wrong = wrong + 1
  end
end

function done(summary)
  local pairs_done, refusals, errors = 0, 0, summary.errors
  local bad = errors.connect + errors.read + errors.write + errors.timeout
  for _, thread in ipairs(workers) do
    pairs_done = pairs_done + thread:get("captured")
    refusals = refusals + thread:get("refused")
    bad = bad + thread:get("wrong")
  end
  io.write(string.format('\nREPORT {"pairs":%d,"refused":%d,"bad":%d,"seconds":%f}\n',
    pairs_done, refusals, bad, summary.duration / 1e6))
end
