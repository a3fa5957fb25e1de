<?php
// Reads and updates call settings as PHP programs do: with the curl extension and nothing else.
declare(strict_types=1);

[$edge, $token] = [getenv('EDGE'), getenv('TOKEN')];

/** Sends a request: the status and the answer. A body makes it an update. */
function ask(string $address, string $token, array|string|null $body = null, array $headers = []): array
{
    $curl = curl_init($address);
    curl_setopt_array($curl, [CURLOPT_RETURNTRANSFER => true, CURLOPT_TIMEOUT => 20,
        CURLOPT_HTTPHEADER => ["Authorization: Bearer $token", ...$headers]]);
    if ($body !== null) {
        curl_setopt($curl, CURLOPT_POSTFIELDS, $body);
    }
    $answer = curl_exec($curl);
    return [curl_getinfo($curl, CURLINFO_RESPONSE_CODE), json_decode($answer, true, 32, JSON_THROW_ON_ERROR)];
}

function expect(mixed $expected, mixed $found): void
{
    if ($expected !== $found) {
        throw new Exception('expected '.json_encode($expected).', found '.json_encode($found));
    }
}

$monday = ['day_of_week' => 'MONDAY', 'open_time' => '0900', 'close_time' => '1700'];
$friday = ['day_of_week' => 'FRIDAY', 'open_time' => '1000', 'close_time' => '1400'];
$hours = ['timezone_id' => 'Europe/Paris', 'weekly_operating_hours' => [$monday, $friday]];
$success = [200, ['result' => 'success']];

// An array in CURLOPT_POSTFIELDS is multipart, and false is an empty part in it.
$routing = json_encode(['ring_target' => 'PARTNERS']);
expect($success, ask($edge, $token, ['audio_enabled' => false, 'video_enabled' => true, 'call_routing' => $routing]));
// http_build_query writes false as 0 and a parameter for each member of an array.
expect($success, ask($edge, $token, http_build_query(['icon_enabled' => false, 'call_hours' => $hours])));
$query = http_build_query(['fields' => ['audio_enabled', 'icon_enabled', 'video_enabled', 'call_hours']]);
[$status, $answer] = ask("$edge?$query", $token);
expect(200, $status);
expect(['audio_enabled' => false, 'icon_enabled' => false, 'video_enabled' => true, 'call_hours' => $hours], $answer['data'][0]);

$json = ['Content-Type: application/json'];
expect($success, ask($edge, $token, json_encode(['icon_enabled' => true, 'call_hours' => null]), $json));
[$status, $answer] = ask($edge, $token, http_build_query(['audio_enabled' => true, 'call_routing' => ['ring_target' => 'NOBODY']]));
expect([400, 100], [$status, $answer['error']['code']]);
expect([['call_routing', 'ring_target']], $answer['error']['error_data']['blame_field_specs']);

[, $answer] = ask($edge, $token);
$settings = $answer['data'][0];
ksort($settings);
expect(['audio_enabled' => false, 'call_routing' => ['ring_target' => 'PARTNERS'], 'icon_enabled' => true, 'video_enabled' => true], $settings);
echo json_encode($settings), "\n";
