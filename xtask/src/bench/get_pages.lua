-- A GET of a Page chosen by chance among all of a store. Told: how many Pages there are.
-- The ids are those of `pages.rs`; every number here is exact in a double.
local scatter = 16777213
local first_page = 1000000000000000
local low_range = 16777216

local pages = 1
local head = ""
local tail = ""

function init(arguments)
  pages = tonumber(arguments[1])
  math.randomseed(os.time())
  local request = wrk.format("GET", "/v26.0/@/messenger_call_settings")
  local place = request:find("@", 1, true)
  head = request:sub(1, place - 1)
  tail = request:sub(place + 1)
end

function request()
  local index = math.random(0, pages - 1)
  local high = index * 10368889 % scatter
  local low = index * 6364137 % scatter
  return head .. string.format("%.0f", first_page + high * low_range + low) .. tail
end
