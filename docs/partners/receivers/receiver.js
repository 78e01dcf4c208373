// Receives WalletApp's webhooks. Needs Node 18 or newer, and nothing else.
//   WEBHOOK_KEY=whsec_... API_URL=https://shop.example API_TOKEN='7|...' node receiver.js 8080
const { createHmac, timingSafeEqual } = require("node:crypto");
const { createServer } = require("node:http");

const { WEBHOOK_KEY: KEY, WEBHOOK_SCHEME: SCHEME = "standard", API_URL, API_TOKEN } = process.env; // or wllt
const seen = new Set(); // in real life a table with a unique column, since it must survive a restart

function same(one, other) {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b); // timingSafeEqual throws when the lengths differ
}

function isGenuine(headers, body) {
  if (SCHEME === "wllt") {
    const expected = createHmac("sha256", KEY).update(body).digest("hex");
    return same(expected, headers["wllt-signature"] ?? "");
  }
  const stamp = headers["webhook-timestamp"] ?? "";
  if (!/^\d{1,12}$/.test(stamp) || Math.abs(Date.now() / 1000 - Number(stamp)) > 300) return false;
  const secret = Buffer.from(KEY.replace(/^whsec_/, ""), "base64");
  const signed = createHmac("sha256", secret).update(`${headers["webhook-id"]}.${stamp}.`).update(body);
  const expected = `v1,${signed.digest("base64")}`;
  return (headers["webhook-signature"] ?? "").split(" ").some((one) => same(expected, one));
}

async function fetchOrder(news) {
  // The webhook says that something happened; what is true now, the API says.
  const url = `${API_URL}/shops/${news.brand_id}/orders/${news.order_id}`;
  const answer = await fetch(url, { headers: { Authorization: `Bearer ${API_TOKEN}` } });
  const order = (await answer.json()).data;
  console.log("order", order.number, order.payment_status, order.processing_status);
}

createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts); // the raw bytes: a parsed and re-encoded body may differ
  if (!isGenuine(request.headers, body)) {
    response.writeHead(401).end("bad signature");
    return;
  }
  const message = request.headers[SCHEME === "wllt" ? "wllt-message-id" : "webhook-id"];
  if (seen.has(message)) {
    response.end("duplicate");
    return;
  }
  seen.add(message);
  response.end("ok"); // answer first, work later
  fetchOrder(JSON.parse(body)).catch(console.error);
}).listen(Number(process.argv[2]), "127.0.0.1");
