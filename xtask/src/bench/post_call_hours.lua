-- A durable POST that changes something every time: another Page of a thousand, another opening
-- minute. 479 and 1,000 have no common divisor, so a Page never gets the minute it has.
local first_page = 2000000000
local pages = 1000
local minutes = 479
local path = "/v26.0/%d/messenger_call_settings"
local entry = '{"day_of_week":"%s","open_time":"%%s","close_time":"1830"}'

local entries = {}
for _, day in ipairs({ "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY" }) do
  entries[#entries + 1] = string.format(entry, day)
end
local body = '{"call_hours":{"timezone_id":"Europe/Berlin","weekly_operating_hours":['
  .. table.concat(entries, ",") .. "]}}"

local counter = 0

wrk.headers["Content-Type"] = "application/json"

function request()
  counter = counter + 1
  local minute = 360 + counter % minutes
  local open = string.format("%02d%02d", math.floor(minute / 60), minute % 60)
  local target = string.format(path, first_page + counter % pages)
  return wrk.format("POST", target, nil, (body:gsub("%%s", open)))
end
