// The workflow for Restate: so many steps, each a call over HTTP whose result Restate keeps before the next begins.
import { Agent, get } from "node:http";

// Node 20 does not have it; the SDK uses it.
Promise.withResolvers ??= () => {
  let resolve, reject;
  const promise = new Promise((fulfil, refuse) => { [resolve, reject] = [fulfil, refuse]; });
  return { promise, resolve, reject };
};
const restate = await import("@restatedev/restate-sdk");

const [stub, port] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });
const call = () => new Promise((resolve, reject) => {
  get(`http://${stub}/step`, { agent }, (answer) => {
    let text = "";
    answer.on("data", (part) => { text += part; });
    answer.on("end", () => resolve(JSON.parse(text)));
  }).on("error", reject);
});

const steps = restate.service({
  name: "steps",
  handlers: {
    run: async (context, { count }) => {
      let last = null;
      for (let n = 1; n <= count; n += 1) last = await context.run(`step${n}`, call);
      return last;
    },
  },
});
await restate.endpoint().bind(steps).listen(Number(port));
