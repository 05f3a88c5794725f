// A product that stays, in Node.js without a package: exec:"node anon.js". A JSON line in, a JSON line out.
const fs = require("fs");
const { randomInt, randomUUID } = require("crypto");

const HEADER = "患者ID,氏名,年齢,性別,受診日,病名,来院方法,転帰,受診時間帯\n";
// A person as declared; all else is refused. Groups: key, age, sex, day of the visit, codes; the name is in none.
const PERSON = new RegExp('(P[0-9]{6}),(?:"(?:[^"]|"")*"|[^",\n]*)'
  + ",([1-9]?[0-9]|1[01][0-9]),(男|女),([12][0-9]{3}-[0-9]{2}-[0-9]{2}),((?:高血圧症|糖尿病|肺炎|骨折|胃腸炎)?"
  + ",(?:独歩|救急車|家族同伴|紹介|転院搬送)?,(?:治癒|軽快|不変|転院|中止)?,(?:深夜|午前|午後|夜間)?)(?:\n|$)", "y");

function anonymize(text, response) { // gives the code of a refusal, or nothing
  if (text.includes("\uFFFD")) return "INPUT_INVALID"; // it was not UTF-8
  if (!text.startsWith(HEADER)) return "ORGANIZATION_MISMATCH";
  const keys = new Set(), classes = {};
  for (PERSON.lastIndex = HEADER.length; PERSON.lastIndex < text.length; ) {
    const [, key, age, sex, visit, codes] = PERSON.exec(text) ?? [];
    const day = new Date(visit ?? NaN); // 30 February becomes another day
    if (!key || keys.has(key) || isNaN(day) || day.toISOString().slice(0, 10) !== visit) return "INPUT_INVALID";
    keys.add(key);
    day.setUTCDate(day.getUTCDate() + randomInt(1, 183));
    const low = age - (age % 10), quasi = (low < 90 ? `${low}-${low + 10}` : "90+") + "," + sex;
    (classes[quasi] ??= []).push([randomUUID(), quasi, day.toISOString().slice(0, 10), codes].join(","));
  }
  const large = Object.values(classes).filter((alike) => alike.length >= 5), rows = large.flat();
  if (rows.length < 10) return "CANNOT_MEET_PRIVACY";
  const told = risk(large.map((alike) => alike.length), rows.length, keys.size - rows.length);
  rows.sort(); // by the random pseudonym: the order tells nothing
  rows.unshift("患者ID,年齢,性別,受診日,病名,来院方法,転帰,受診時間帯");
  fs.mkdirSync(`${response}/data`);
  fs.writeFileSync(`${response}/data/patients.csv`, rows.join("\n") + "\n");
  fs.writeFileSync(`${response}/risk.json`, JSON.stringify(told));
  fs.cpSync(`${__dirname}/release`, response, { recursive: true }); // the documents that are always the same
  for (const book of ["book.json", "erasure.json"].map((name) => `${response}/${name}`)) {
    const date = new Date().toISOString().slice(0, 10);
    fs.writeFileSync(book, JSON.stringify({ ...JSON.parse(fs.readFileSync(book, "utf8")), date }));
  }
}

function risk(sizes, persons, suppressed) { // of a person: 1 / persons of the same age and sex; the worst one counts
  const k = Math.min(...sizes), maximum = +(1 / k).toFixed(4), mean = +(sizes.length / persons).toFixed(4);
  const classes = [{ resource: "patients", quasi: ["年齢", "性別"], persons, k, prosecutorRisk: { maximum, mean } }];
  const scores = [maximum, mean].map((risk, n) => ({ name: ["maximum", "mean"][n], value: +(1 - risk).toFixed(4) }));
  const score = { combine: "minimum", value: Math.min(scores[0].value, scores[1].value) };
  return { persons: { suppressed }, method: "prosecutor", reference: "release", classes, scores, score };
}

require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { op, id, request, response } = JSON.parse(line), data = `${request}/data/patients.csv`;
  if (op === "hello") return console.log("{}");
  const text = fs.existsSync(data) ? fs.readFileSync(data, "utf8").replace(/^\uFEFF/, "").replaceAll("\r\n", "\n") : "";
  const code = anonymize(text, response);
  const answer = code ? { status: "refused", reason: { code, path: "/data/patients" } } : { status: "ok" };
  fs.writeFileSync(`${response}/response.json`, JSON.stringify(answer));
  console.log(JSON.stringify({ id, status: "done" }));
});
