// Beside a JavaScript candidate: call what is asked for, give back the value. Frames on descriptor 3:
// u32 little-endian length, JSON; values as in codec.py (Map: d, Set: s, BigInt: i).
(async () => {
  const fs = await import("fs");
  const read = (size) => {
    const buffer = Buffer.alloc(size);
    let at = 0;
    while (at < size) {
      let got = 0;
      try {
        got = fs.readSync(3, buffer, at, size - at, null);
      } catch (error) {
        if (error.code !== "EAGAIN") throw error;
        continue;
      }
      if (!got) process.exit(0);
      at += got;
    }
    return buffer;
  };
  const send = (text) => {
    const body = Buffer.from(text);
    const head = Buffer.alloc(4);
    head.writeUInt32LE(body.length);
    const frame = Buffer.concat([head, body]);
    let at = 0;
    while (at < frame.length) at += fs.writeSync(3, frame, at);
  };
  const encode = (value, depth = 0) => {
    if (depth > 100) throw new Error("nested too deep");
    if (value === undefined || value === null) return "null";
    if (typeof value === "number") return Object.is(value, -0) ? "0" : String(value);
    if (typeof value === "bigint") return `{"i":"${value < 0n ? "-" : ""}0x${(value < 0n ? -value : value).toString(16)}"}`;
    if (typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
    if (typeof value !== "object") return '{"R":0}';
    const inner = (item) => encode(item, depth + 1);
    const pairs = (list) => `{"d":[${list.map(([key, item]) => `[${inner(key)},${inner(item)}]`).join()}]}`;
    if (Array.isArray(value) || ArrayBuffer.isView(value)) return `[${Array.from(value, inner).join()}]`;
    if (value instanceof Set) return `{"s":[${Array.from(value, inner).join()}]}`;
    if (value instanceof Map) return pairs([...value]);
    if (value instanceof Number || value instanceof String || value instanceof Boolean) return inner(value.valueOf());
    return pairs(Object.entries(value));
  };
  const decode = (wire) => {
    if (Array.isArray(wire)) return wire.map(decode);
    if (wire === null || typeof wire !== "object") return wire;
    if ("i" in wire) return wire.i.startsWith("-") ? -BigInt(wire.i.slice(1)) : BigInt(wire.i);
    return Object.fromEntries(wire.d.map(([key, value]) => [key, decode(value)]));
  };
  const next = () => JSON.parse(read(read(4).readUInt32LE()).toString());
  const find = (path) => {
    const known = typeof module === "object" && module.exports ? module.exports : {};
    const named = (name) => {
      try {
        return (0, eval)(name);
      } catch (error) {
        return undefined;
      }
    };
    const [head, ...rest] = path.replaceAll("()", "").split(".");
    let found = adjudge_local(head) ?? named(head) ?? known[head];
    let owner;
    const solution = adjudge_local("Solution");
    if (found === undefined && typeof solution === "function") {
      owner = new solution();
      found = owner[head];
    }
    if (found === undefined) throw new ReferenceError(`${path} is not defined`);
    for (const name of rest) {
      owner = typeof found === "function" && !(name in found) ? new found() : found;
      found = owner[name];
    }
    return (...given) => found.apply(owner, given);
  };
  next();
  send('{"ready":true}');
  const request = next();
  try {
    const [path, ...given] = request.a.map(decode);
    const value = await find(path)(...given);
    send(`{"ok":${encode(value)}}`);
  } catch (error) {
    const name = (error && error.name) || "Error";
    send(JSON.stringify({ ex: [String(name)], said: String(error && error.message).slice(0, 2000) }));
  }
  process.exit(0);
})();
function adjudge_local(name) {
  try {
    return eval(name);
  } catch (error) {
    return undefined;
  }
}
