-- wrk: single purchases, each with a receipt of its own; one phone in three is new.
-- Arguments: key, store, turn, number of known phones.

dofile("report.lua")

local threads = 0

function setup(thread)
  thread:set("thread_number", threads)
  threads = threads + 1
end

function init(args)
  key, store, turn, known = args[1], args[2], tonumber(args[3]), tonumber(args[4])
  count = 0
  math.randomseed(turn * 100 + thread_number)
  wrk.method = "POST"
  wrk.headers["Authorization"] = "Bearer " .. key
  wrk.headers["Content-Type"] = "application/json"
end

local function phone()
  if count % 3 == 0 then
    return 910000000 + (turn * 8 + thread_number) * 1000000 + count
  end
  return 900000000 + math.random(known) - 1
end

function request()
  count = count + 1
  local body = string.format(
    '{"phone":"0%d","store":"%s","receipt_no":"W%d-%d-%d","amount":%d}',
    phone(), store, turn, thread_number, count, math.random(20, 2000) * 1000)
  return wrk.format(nil, "/api/v1/purchases", nil, body)
end
