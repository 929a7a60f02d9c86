// node load.mjs STUB [SECONDS]: starts Restate on a folder of its own and runs W1 and W2, closed loop.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";

const [stub, seconds = "5"] = process.argv.slice(2);
if (!stub) throw new Error("the first argument is the address of the stub");
const [ingress, admin, service] = [18080, 19070, 19080];
const folder = mkdtempSync(join(process.cwd(), "data-"));
const start = (command, args, env = {}) =>
  spawn(command, args, { stdio: "ignore", env: { ...process.env, ...env } });
const children = [
  start(join("node_modules", ".bin", "restate-server"), ["--base-dir", folder], {
    RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
    RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
    RESTATE_BIND_ADDRESS: "127.0.0.1:15122",
    RESTATE_DISABLE_TELEMETRY: "true",
    DO_NOT_TRACK: "1",
  }),
  start("node", ["service.mjs", stub, String(service)]),
];

const agent = new Agent({ keepAlive: true, maxSockets: 512 });
const post = (port, path, body) => new Promise((resolve, reject) => {
  const text = JSON.stringify(body);
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
  const sent = request({ host: "127.0.0.1", port, path, method: "POST", agent, headers }, (answer) => {
    let heard = "";
    answer.on("data", (part) => { heard += part; });
    answer.on("end", () => (answer.statusCode < 300 ? resolve(heard) : reject(new Error(`${answer.statusCode} ${heard}`))));
  });
  sent.on("error", reject);
  sent.end(text);
});
const until = async (attempt) => {
  for (let n = 0; n < 150; n += 1) {
    try { return await attempt(); } catch (error) { if (n === 149) throw error; }
    await new Promise((resume) => { setTimeout(resume, 200); });
  }
};

const load = async (clients, count, time) => {
  const [took, end] = [[], performance.now() + time];
  const client = async () => {
    while (performance.now() < end) {
      const began = performance.now();
      await post(ingress, "/steps/run", { count });
      took.push(performance.now() - began);
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  took.sort((a, b) => a - b);
  const part = (share) => took[Math.min(took.length - 1, Math.floor(took.length * share))].toFixed(2);
  const rate = took.length / ((performance.now() - began) / 1000);
  return `${rate.toFixed(0)} workflows/s, p50 ${part(0.5)} ms, p99 ${part(0.99)} ms`;
};

try {
  await until(() => post(admin, "/deployments", { uri: `http://127.0.0.1:${service}` }));
  await until(() => post(ingress, "/steps/run", { count: 1 }));
  for (const [name, count] of [["W1 one step", 1], ["W2 ten steps", 10]]) {
    for (const clients of [1, 32, 256]) {
      await load(clients, count, 1000);
      console.log(`${name}, ${clients} clients: ${await load(clients, count, Number(seconds) * 1000)}`);
    }
  }
} finally {
  // Asked, not killed: the npm command is a parent of the server and hands the signal on.
  await Promise.all(children.map((child) => new Promise((resume) => {
    if (child.exitCode !== null) resume();
    child.on("exit", resume);
    child.kill("SIGTERM");
  })));
  rmSync(folder, { recursive: true, force: true });
  process.exit();
}
