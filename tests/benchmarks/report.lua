-- wrk: how a script reports, one line of JSON after wrk's own text.

function done(summary, latency)
  local errors = summary.errors
  local bad = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('\nREPORT {"requests":%d,"seconds":%f,"bad":%d,"p95_ms":%f}\n',
    summary.requests, summary.duration / 1e6, bad, latency:percentile(95) / 1e3))
end
