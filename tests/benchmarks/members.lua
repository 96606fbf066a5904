-- wrk: find a member by phone; every phone asked for belongs to one.
-- Arguments: key, store, turn, number of known phones.

dofile("report.lua")

local threads = 0

function setup(thread)
  thread:set("thread_number", threads)
  threads = threads + 1
end

function init(args)
  turn, members = tonumber(args[3]), tonumber(args[4])
  math.randomseed(turn * 100 + thread_number)
  wrk.headers["Authorization"] = "Bearer " .. args[1]
end

function request()
  local phone = 900000000 + math.random(members) - 1
  return wrk.format("GET", "/api/v1/members?phone=0" .. phone)
end
