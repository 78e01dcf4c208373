<?php
// php unseal.php key.pem < answer.json prints the card of a confirmation. Needs PHP's own openssl extension.
declare(strict_types=1);

function unseal(array $payload, string $privateKeyPem): string
{
    $shared = openssl_pkey_derive($payload['ephemeralPublicKey'], $privateKeyPem, 32);
    $keys = hash_hkdf('sha256', $shared, 48);
    $encrypted = base64_decode($payload['encryptedMessage'], true);
    $expected = substr(hash_hmac('sha256', $encrypted, substr($keys, 32), true), 0, 16);
    if (!hash_equals($expected, (string) base64_decode($payload['tag'], true))) {
        throw new RuntimeException('the tag is wrong');
    }
    $flags = OPENSSL_RAW_DATA;
    return openssl_decrypt($encrypted, 'aes-256-ctr', substr($keys, 0, 32), $flags, str_repeat("\0", 16));
}

$answer = json_decode(stream_get_contents(STDIN), true);
echo unseal($answer['card']['encryptedPayload'], file_get_contents($argv[1])), "\n";
