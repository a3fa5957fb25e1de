-- A POST of the same body every time. Told: the file that the body is in.
local prepared = ""

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  wrk.method = "POST"
  wrk.body = file:read("*a")
  wrk.headers["Content-Type"] = "application/json"
  file:close()
  prepared = wrk.format()
end

function request()
  return prepared
end
