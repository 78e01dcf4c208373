"use strict";
// node unseal.js key.pem < answer.json prints the card of a confirmation. Needs nothing but Node.
const crypto = require("crypto");
const fs = require("fs");

function unseal({ encryptedMessage, ephemeralPublicKey, tag }, privateKeyPem) {
  const publicKey = crypto.createPublicKey(ephemeralPublicKey);
  const privateKey = crypto.createPrivateKey(privateKeyPem);
  const shared = crypto.diffieHellman({ privateKey, publicKey });
  const keys = Buffer.from(crypto.hkdfSync("sha256", shared, "", "", 48));
  const encrypted = Buffer.from(encryptedMessage, "base64");
  const expected = crypto.createHmac("sha256", keys.subarray(32)).update(encrypted).digest().subarray(0, 16);
  const given = Buffer.from(tag, "base64");
  if (given.length !== 16 || !crypto.timingSafeEqual(given, expected)) throw new Error("the tag is wrong");
  const cipher = crypto.createDecipheriv("aes-256-ctr", keys.subarray(0, 32), Buffer.alloc(16));
  return Buffer.concat([cipher.update(encrypted), cipher.final()]).toString();
}

module.exports = { unseal };
if (require.main === module) {
  const answer = JSON.parse(fs.readFileSync(0, "utf8"));
  console.log(unseal(answer.card.encryptedPayload, fs.readFileSync(process.argv[2])));
}
