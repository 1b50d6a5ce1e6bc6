// SPDX-License-Identifier: MIT

// The same work with Node's JSON and URL, as one writes it. Called like parse-core.
import { readFileSync } from "node:fs";

const RESERVED = new Set([
  "event_id", "event_time", "received_time", "request_path", "host", "referer", "user_agent", "remote_ip",
  "method", "status", "cache_hit",
]);
const METHODS = new Set(["GET", "HEAD", "POST"]);

class Parser {
  constructor(columns) {
    this.types = new Map();
    for (const column of columns) if (!RESERVED.has(column.name)) this.types.set(column.name, column.type);
    this.required = columns.filter((column) => column.mode === "REQUIRED").map((column) => column.name);
  }

  parse(push) {
    const message = JSON.parse(push.toString()).message;
    const entry = JSON.parse(Buffer.from(message.data, "base64").toString());
    const request = entry.httpRequest;
    const url = new URL(request.requestUrl);
    if (url.pathname !== "/pixel.png" || !METHODS.has(request.requestMethod)) throw new Error("no event");
    const row = {};
    for (const [name, text] of url.searchParams) {
      const type = this.types.get(name);
      if (type === undefined || row[name] !== undefined) continue;
      const value = convert(text, type);
      if (value !== undefined) row[name] = value;
    }
    row.event_id = `${compact(entry.timestamp)}-${entry.insertId}`;
    row.event_time = entry.timestamp.slice(0, 26) + "Z";
    row.received_time = entry.receiveTimestamp.slice(0, 26) + "Z";
    row.request_path = url.pathname;
    row.host = url.hostname;
    row.referer = request.referer;
    row.user_agent = request.userAgent;
    row.remote_ip = request.remoteIp;
    row.method = request.requestMethod;
    row.status = String(request.status);
    row.cache_hit = request.cacheHit;
    for (const name of this.required) if (row[name] === undefined) throw new Error("no event");
    return Buffer.from(JSON.stringify(row));
  }
}

function convert(text, type) {
  if (type === "INTEGER") return /^[+-]?\d+$/.test(text) ? String(BigInt(text)) : undefined;
  if (type === "NUMERIC") return Number.isFinite(Number(text)) ? text : undefined;
  return text;
}

// 2026-01-02T03:44:05.123456Z as 20260102T034405.123456000Z.
function compact(time) {
  return time.replace(/[-:Z]/g, "").padEnd(25, "0") + "Z";
}

const [contract, file, mode, seconds] = process.argv.slice(2);
const parser = new Parser(JSON.parse(readFileSync(contract)));
const pushes = readFileSync(file).toString().trim().split("\n").map((line) => Buffer.from(line));
if (mode === "rows") {
  for (const push of pushes) console.log(parser.parse(push).toString());
} else {
  const all = () => { for (const push of pushes) parser.parse(push); };
  const used = () => { const { user, system } = process.cpuUsage(); return (user + system) * 1000; };
  // Some passes more than the others, for the compiler to see what is hot.
  for (let pass = 0; pass < 5; pass++) all();
  const began = used();
  let count = 0;
  while (used() - began < seconds * 1e9) {
    all();
    count += pushes.length;
  }
  console.log((used() - began) / count);
}
