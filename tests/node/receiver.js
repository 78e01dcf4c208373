// A partner's receiver with the library of Standard Webhooks. node receiver.js FOLDER
// FOLDER/keys.json: from a path to the key of who receives there. FOLDER/received.jsonl: what arrived, one line each.
const { appendFileSync, readFileSync } = require("node:fs");
const { createServer } = require("node:http");
const { join } = require("node:path");
const { Webhook, WebhookVerificationError } = require("standardwebhooks");

const folder = process.argv[2];
const keys = JSON.parse(readFileSync(join(folder, "keys.json")));

function isGenuine(path, headers, body) {
  try {
    new Webhook(keys[path]).verify(body.toString(), headers);
    return true;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return false;
    throw error;
  }
}

const server = createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts);
  const genuine = isGenuine(request.url, request.headers, body);
  const line = { path: request.url, genuine, headers: request.headers, body: body.toString("base64") };
  appendFileSync(join(folder, "received.jsonl"), `${JSON.stringify(line)}\n`);
  response.writeHead(genuine ? 200 : 401).end(genuine ? "ok" : "bad signature");
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
