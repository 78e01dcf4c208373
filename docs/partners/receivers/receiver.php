<?php
// Receives WalletApp's webhooks. Needs PHP 8.0 or newer, and nothing else.
//   WEBHOOK_KEY=whsec_... INBOX=inbox php -S 127.0.0.1:8080 receiver.php              takes them
//   INBOX=inbox API_URL=https://shop.example API_TOKEN='7|...' php receiver.php      does the work: run it often

$scheme = getenv('WEBHOOK_SCHEME') ?: 'standard'; // or wllt: the header of the original product
$inbox = getenv('INBOX') ?: 'inbox';              // in real life a table with a unique column

function is_genuine(string $scheme, string $key, string $body): bool
{
    if ($scheme === 'wllt') {
        $expected = hash_hmac('sha256', $body, $key);
        return hash_equals($expected, $_SERVER['HTTP_WLLT_SIGNATURE'] ?? '');
    }
    $stamp = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    if (!preg_match('/^\d{1,12}$/D', $stamp) || abs(time() - (int) $stamp) > 300) {
        return false;
    }
    $secret = base64_decode(preg_replace('/^whsec_/', '', $key));
    $signed = ($_SERVER['HTTP_WEBHOOK_ID'] ?? '') . ".$stamp.$body";
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', $signed, $secret, true));
    foreach (explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $one) {
        if (hash_equals($expected, $one)) {
            return true;
        }
    }
    return false;
}

if (PHP_SAPI === 'cli') { // the work: the webhook says that something happened; what is true now, the API says
    foreach (glob("$inbox/*.new") as $file) {
        $news = json_decode(file_get_contents($file), true);
        $url = getenv('API_URL') . "/shops/{$news['brand_id']}/orders/{$news['order_id']}";
        $options = ['http' => ['header' => 'Authorization: Bearer ' . getenv('API_TOKEN'), 'timeout' => 10]];
        $answer = file_get_contents($url, false, stream_context_create($options));
        if ($answer === false) {
            continue; // stays for the next run
        }
        $order = json_decode($answer, true)['data'];
        echo "order {$order['number']} {$order['payment_status']} {$order['processing_status']}\n";
        rename($file, "$inbox/" . basename($file, '.new') . '.done');
    }
    exit;
}

$body = file_get_contents('php://input'); // the raw bytes; a JSON body is not in $_POST
if (!is_genuine($scheme, getenv('WEBHOOK_KEY'), $body)) {
    http_response_code(401);
    exit('bad signature');
}
$message = $_SERVER[$scheme === 'wllt' ? 'HTTP_WLLT_MESSAGE_ID' : 'HTTP_WEBHOOK_ID'] ?? '';
$name = hash('sha256', $message); // so that no header becomes a path
if (file_exists("$inbox/$name.done") || !($file = @fopen("$inbox/$name.new", 'x'))) {
    exit('duplicate');
}
fwrite($file, $body); // answer first, work later
echo 'ok';
