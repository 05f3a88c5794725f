// A product that stays: exec:"node anon.js". One JSON line in, one JSON line out; data travel in folders.
const fs = require("fs");
const path = require("path");
const { randomBytes, randomInt } = require("crypto");
const K = 3, MINIMUM = 10, DROP = "氏名";
const DAY = { test: (v) => v === "" || (/^\d{4}-\d\d-\d\d$/.test(v) && new Date(v).getTime() === Date.parse(v + "T00:00:00Z") && iso(Date.parse(v)) === v) };
const COLUMNS = { 患者ID: /^P[0-9]{6}$/, 氏名: /^/, 年齢: /^(|[0-9]|[1-9][0-9]|1[01][0-9])$/, 性別: /^(|男|女)$/, 受診日: DAY, 退院日: DAY,
  病名: /^(|高血圧症|糖尿病|肺炎|骨折|胃腸炎|気管支喘息)$/, 来院方法: /^(|独歩|救急車|家族同伴|紹介|転院搬送)$/,
  転帰: /^(|治癒|軽快|不変|転院|中止)$/, 受診時間帯: /^(|深夜|早朝|午前|午後|夕方|夜間)$/ };
const NAMES = Object.keys(COLUMNS);
const iso = (time) => new Date(time).toISOString().slice(0, 10);
const refuse = (code, at) => { throw { refusal: { code, path: at, message: "" } }; };

function parse(text) { // RFC 4180; a cell that is missing and an empty one are the same here
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y, rows = [[]];
  while (cell.lastIndex < text.length) {
    const found = cell.exec(text) ?? refuse("INPUT_INVALID", "/data/patients");
    rows.at(-1).push(found[1] === undefined ? found[2] : found[1].replaceAll('""', '"'));
    if (found[3] !== ",") rows.push([]);
  }
  return rows.filter((row) => row.length);
}

function anonymize(request, response) {
  let text;
  try { text = new TextDecoder("utf-8", { fatal: true }).decode(fs.readFileSync(path.join(request, "data", "patients.csv"))); }
  catch { refuse("INPUT_INVALID", "/data/patients"); }
  const [header = [], ...rows] = parse(text), seen = new Set();
  if (header.join("\n") !== NAMES.join("\n")) refuse("ORGANIZATION_MISMATCH", "/data/patients");
  for (const row of rows) {
    const bad = row.length === NAMES.length ? NAMES.find((name, i) => !COLUMNS[name].test(row[i])) : NAMES[0];
    if (bad || seen.size === seen.add(row[0]).size) refuse("INPUT_INVALID", "/data/patients/" + (bad ?? NAMES[0]));
  }
  let people = rows.map((row) => {
    const shift = randomInt(1, 183) * (randomInt(2) ? 1 : -1) * 86400000, low = Math.floor(row[2] / 10) * 10;
    const age = row[2] === "" ? "" : low >= 90 ? "90+" : `${low}-${low + 10}`;
    const [visit, leave] = [row[4], row[5]].map((day) => day && iso(Date.parse(day) + shift));
    return [randomBytes(16).toString("hex"), age, row[3], visit, leave, ...row.slice(6)];
  });
  const group = (person) => person[1] + "|" + person[2], sizes = {};
  for (const person of people) sizes[group(person)] = (sizes[group(person)] ?? 0) + 1;
  people = people.filter((person) => sizes[group(person)] >= K);
  if (people.length < MINIMUM) refuse("CANNOT_MEET_PRIVACY", "/targets/1");
  for (let i = people.length - 1; i > 0; i--) { const j = randomInt(i + 1); [people[i], people[j]] = [people[j], people[i]]; }
  fs.mkdirSync(path.join(response, "data"));
  const lines = [NAMES.filter((name) => name !== DROP), ...people].map((row) => row.join(",") + "\n");
  fs.writeFileSync(path.join(response, "data", "patients.csv"), lines.join(""));
  fs.writeFileSync(path.join(response, "organization.yaml"), JSON.stringify(released(request)));
  fs.copyFileSync(path.join(request, "processing.yaml"), path.join(response, "processing.yaml"));
}

function released(request) { // the declaration of the release: the given one, less what was dropped
  const document = JSON.parse(fs.readFileSync(path.join(request, "organization.yaml"), "utf8")), [table] = document.resources;
  document.tokumei.state = "released";
  Object.assign(table.tokumei, { order: "random", generated: false });
  table.schema.fields = table.schema.fields.filter((field) => field.name !== DROP);
  for (const field of table.schema.fields) {
    field.tokumei.representation = { kind: "value", missing: [""] };
    if (field.name === "患者ID") field.constraints = { required: true, unique: true };
    if (field.name !== "年齢") continue;
    Object.assign(field, { type: "string", constraints: {} });
    field.tokumei.representation = { kind: "interval", bounds: "[)", separator: "-", missing: [""] };
  }
  return document;
}

require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const message = JSON.parse(line);
  if (message.op === "hello") return void process.stdout.write("{}\n");
  let answer = { status: "ok" };
  try { anonymize(message.request, message.response); }
  catch (error) { if (!error.refusal) throw error; answer = { status: "refused", reason: error.refusal }; }
  fs.writeFileSync(path.join(message.response, "response.json"), JSON.stringify(answer));
  process.stdout.write(JSON.stringify({ id: message.id, status: "done" }) + "\n");
});
