// What passkit-generator's schemas and pass-js say of passes. A line of JSON in, a line of JSON out:
// {"content": pass.json} is checked, {"package": base64 of a .pkpass} is read.
const { createInterface } = require("node:readline");
const { join } = require("node:path");
const { Template } = require("@walletpass/pass-js");
const { PassProps, Personalize } = require(join(process.env.NODE_PATH, "passkit-generator/lib/cjs/schemas/index.js"));

function check(schema, content) {
  const { error } = schema.validate(content, { abortEarly: false });
  return (error?.details ?? []).map(({ path, type }) => ({ path, type }));
}

async function read(buffer) {
  const template = await Template.fromBuffer(buffer);
  const pass = template.createPass({});
  pass.validate();
  return {
    content: pass,
    style: template.style,
    images: [...template.images.keys()].sort(),
    texts: Object.fromEntries([...template.localization].map(([language, texts]) => [language, Object.fromEntries(texts)])),
    personalization: template.personalization,
  };
}

async function answer(question) {
  if (question.content) return check(PassProps, question.content);
  if (question.personalization) return check(Personalize, question.personalization);
  return read(Buffer.from(question.package, "base64")).catch((error) => ({ error: error.message }));
}

(async () => {
  for await (const line of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await answer(JSON.parse(line))));
  }
})();
