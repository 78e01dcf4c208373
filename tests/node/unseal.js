"use strict";
// Opens sealed cards, a line of JSON each, with the sample of docs/partners.
const fs = require("fs");
const { unseal } = require("../../docs/partners/unsealing/unseal.js");

for (const line of fs.readFileSync(0, "utf8").trim().split("\n")) {
  const { envelope, key } = JSON.parse(line);
  try {
    console.log(unseal(envelope, key));
  } catch (error) {
    console.log(error.message);
  }
}
