-- A durable POST of call hours that changes something every time: another Page of a thousand, and
-- a document that no run has sent before. The minutes at which the five days close are the digits
-- of a number, to the base of 60; it starts at the time of day, far enough apart for each second.
-- One in `every` requests is the POST, the others read the same Pages; without it all are POSTs.
local first_page = 2000000000
local pages = 1000
local requests_a_second = 200000
local path = "/v26.0/%.0f/messenger_call_settings"
local entry = '{"day_of_week":"%s","open_time":"0900","close_time":"18'

local entries = {}
for number, day in ipairs({ "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY" }) do
  entries[number] = string.format(entry, day)
end
local begin = '{"call_hours":{"timezone_id":"Europe/Berlin","weekly_operating_hours":['

local minutes = {}
for minute = 0, 59 do
  minutes[minute] = string.format('%02d"}', minute)
end

local counter = os.time() * requests_a_second
local every = 1
local requests = 0
local reads = {}
local head = ""
local tail = ""

-- Always of the same length.
local function body()
  local left = counter
  local text = begin
  for number = 1, 5 do
    local digit = left % 60
    left = (left - digit) / 60
    text = text .. entries[number] .. minutes[digit]
    if number < 5 then
      text = text .. ","
    end
  end
  return text .. "]}}"
end

function init(arguments)
  every = tonumber(arguments[1] or "1")
  for page = 0, pages - 1 do
    reads[page] = wrk.format("GET", string.format(path, first_page + page))
  end
  wrk.headers["Content-Type"] = "application/json"
  -- Making every request with wrk.format would cost the load more than sending it.
  local request = wrk.format("POST", string.format(path, first_page), nil, body())
  local id = string.format("%.0f", first_page)
  local place = request:find(id, 1, true)
  head = request:sub(1, place - 1)
  tail = request:sub(place + #id, -1 - #body())
end

function request()
  requests = requests + 1
  counter = counter + 1
  -- Moves on by one each time around, or a mix would always update the same Pages.
  local page = (counter + math.floor(requests / pages)) % pages
  if requests % every ~= 0 then
    return reads[page]
  end
  return head .. string.format("%.0f", first_page + page) .. tail .. body()
end
