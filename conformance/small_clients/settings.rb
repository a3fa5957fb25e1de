# Reads and updates call settings as Ruby programs do: with Net::HTTP and nothing else.
require 'json'
require 'net/http'

EDGE = URI(ENV.fetch('EDGE'))
TOKEN = ENV.fetch('TOKEN')

# Sends a request: the status and the answer.
def ask(request)
  request['Authorization'] = "Bearer #{TOKEN}"
  response = Net::HTTP.start(EDGE.host, EDGE.port, read_timeout: 20) { |http| http.request(request) }
  [response.code.to_i, JSON.parse(response.body)]
end

def update
  request = Net::HTTP::Post.new(EDGE)
  yield request
  ask(request)
end

def read(fields = nil)
  address = EDGE.dup
  address.query = URI.encode_www_form('fields[]' => fields) if fields
  ask(Net::HTTP::Get.new(address))
end

def expect(expected, found)
  raise "expected #{expected}, found #{found}" unless expected == found
end

success = [200, { 'result' => 'success' }]
prefix = 'call_hours[weekly_operating_hours][0]'
monday = { 'day_of_week' => 'MONDAY', 'open_time' => '0900', 'close_time' => '1700' }
hours = { 'timezone_id' => 'Europe/Paris', 'weekly_operating_hours' => [monday] }

# set_form_data writes pairs, so members have their brackets in the names.
pairs = { 'audio_enabled' => false, 'call_routing[ring_target]' => 'PARTNERS', 'call_hours[timezone_id]' => 'Europe/Paris' }
members = monday.to_h { |name, value| ["#{prefix}[#{name}]", value] }
expect success, update { |request| request.set_form_data(pairs.merge(members)) }
names = %w[audio_enabled call_routing call_hours]
found = { 'audio_enabled' => false, 'call_routing' => { 'ring_target' => 'PARTNERS' }, 'call_hours' => hours }
expect [200, { 'data' => [found] }], read(names)

# set_form writes parts; an object is JSON text in one.
parts = [%w[icon_enabled false], ['call_hours', 'null'], ['call_routing', { ring_target: 'META' }.to_json]]
expect success, update { |request| request.set_form(parts, 'multipart/form-data') }
expect success, (update do |request|
  request.content_type = 'application/json'
  request.body = { video_enabled: true, call_routing: { ring_target: 'PARTNERS' } }.to_json
end)

# A list without numbers means two things, to PHP and to Rails, so it is refused.
status, answer = update { |request| request.set_form_data('icon_enabled' => true, 'call_hours[weekly_operating_hours][][day_of_week]' => 'MONDAY') }
expect [400, 100], [status, answer['error']['code']]
expect [['call_hours']], answer['error']['error_data']['blame_field_specs']

_status, answer = read
settings = answer['data'].first
expect({ 'audio_enabled' => false, 'icon_enabled' => false, 'video_enabled' => true, 'call_routing' => { 'ring_target' => 'PARTNERS' } }, settings)
puts settings.to_json
