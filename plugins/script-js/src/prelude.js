// What a script finds: `console`, `process`, timers, `require`. Evaluated before each script, so it is short.
// It keeps the functions it needs: a script that changes prototypes changes its own world only.
(function (write, exit, later, argv, env, stdin, variables) {
  'use strict';
  const { stringify, parse } = JSON;
  const { keys, entries, getPrototypeOf } = Object;
  const { isArray } = Array;

  const DEPTH = 4;
  const quoted = text => "'" + text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n') + "'";
  const named = key => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key));
  const list = (open, parts, close) => (parts.length ? `${open} ${parts.join(', ')} ${close}` : open + close);

  function inspect(value, depth = 0, above = []) {
    if (typeof value === 'string') return depth ? quoted(value) : value;
    if (typeof value === 'bigint') return `${value}n`;
    if (Object.is(value, -0)) return '-0';
    if (typeof value === 'function') return value.name ? `[Function: ${value.name}]` : '[Function (anonymous)]';
    if (typeof value !== 'object' || value === null) return String(value);
    if (above.includes(value)) return '[Circular]';
    if (value instanceof Error) return describe(value);
    if (value instanceof Date) return isNaN(value) ? 'Invalid Date' : value.toISOString();
    if (value instanceof RegExp) return String(value);
    const inner = [...above, value];
    const show = part => inspect(part, depth + 1, inner);
    if (depth > DEPTH) return isArray(value) ? '[Array]' : '[Object]';
    if (isArray(value)) return list('[', value.map(show), ']');
    if (value instanceof Map) {
      const parts = [...value].map(([key, part]) => `${show(key)} => ${show(part)}`);
      return list(`Map(${value.size}) {`, parts, '}');
    }
    if (value instanceof Set) return list(`Set(${value.size}) {`, [...value].map(show), '}');
    if (ArrayBuffer.isView(value) && value.length !== undefined) {
      return list(`${value.constructor.name}(${value.length}) [`, [...value].map(show), ']');
    }
    if (value instanceof Promise) return 'Promise { … }';
    const of = getPrototypeOf(value);
    const kind = of === null ? '[Object: null prototype] ' : of.constructor?.name ?? '';
    const parts = entries(value).map(([key, part]) => `${named(key)}: ${show(part)}`);
    return (kind === 'Object' || !kind ? kind.replace('Object', '') : kind.trim() + ' ') + list('{', parts, '}');
  }

  function format(values) {
    let [first, ...rest] = values;
    if (typeof first !== 'string') return values.map(value => inspect(value)).join(' ');
    const text = first.replace(/%[sdifjoOc%]/g, mark => {
      if (mark === '%%') return '%';
      if (!rest.length) return mark;
      const value = rest.shift();
      switch (mark) {
        case '%d': return typeof value === 'bigint' ? `${value}n` : String(Number(value));
        case '%i': return String(parseInt(value, 10));
        case '%f': return String(parseFloat(value));
        case '%j': return stringify(value);
        case '%c': return '';
        case '%s': return typeof value === 'string' ? value : inspect(value);
        default: return inspect(value, 1);
      }
    });
    return [text, ...rest.map(value => inspect(value))].join(' ');
  }

  function describe(error) {
    if (!(error instanceof Error)) return inspect(error, 1);
    const rest = keys(error).filter(key => !['message', 'stack', 'cause'].includes(key));
    const more = rest.length ? ' ' + inspect({ ...error }, 1) : '';
    const cause = error.cause === undefined ? '' : `\n  cause: ${inspect(error.cause, 1)}`;
    return Error.prototype.toString.call(error) + more + cause;
  }

  let indent = '';
  const line = stream => (...values) =>
    write(stream, indent + format(values).replaceAll('\n', '\n' + indent) + '\n');
  const out = line(1);
  const err = line(2);
  const counts = {};
  globalThis.console = {
    log: out, info: out, debug: out, dir: value => out(inspect(value, 1)), table: value => out(value),
    error: err, warn: err, trace: (...values) => err('Trace:', ...values),
    assert: (holds, ...values) => { if (!holds) err('Assertion failed', ...values); },
    count: (label = 'default') => out(`${label}: ${(counts[label] = (counts[label] ?? 0) + 1)}`),
    group: (...values) => { if (values.length) out(...values); indent += '  '; },
    groupEnd: () => { indent = indent.slice(2); },
    time() {}, timeEnd() {}, timeLog() {},
  };

  const stream = (fd, write) => ({ fd, isTTY: false, write: text => { write(fd, String(text)); return true; }, end() {} });
  const input = {
    fd: 0, isTTY: false,
    setEncoding() { return input; }, resume() { return input; }, pause() { return input; },
    read() { const text = stdin; stdin = ''; return text === '' ? null : text; },
    on(event, listener) {
      later(() => {
        if (event === 'data' && stdin !== '') listener(stdin);
        if (event === 'end' || event === 'close') listener();
      }, event === 'data' ? 0 : 1);
      return input;
    },
    async *[Symbol.asyncIterator]() { if (stdin !== '') yield stdin; },
  };
  input.once = input.addListener = input.on;

  const process = {
    argv: ['node', 'script.js', ...argv], argv0: 'node', execArgv: [],
    env: Object.fromEntries(env),
    exitCode: undefined,
    exit(code) { exit(code ?? process.exitCode ?? 0); },
    stdin: input, stdout: stream(1, write), stderr: stream(2, write),
    platform: 'wasm', arch: 'wasm32', version: 'v22.0.0', versions: { node: '22.0.0' }, pid: 1,
    cwd: () => '/', nextTick: (f, ...values) => { Promise.resolve().then(() => f(...values)); },
    on() { return process; }, once() { return process; }, emitWarning: text => err(`Warning: ${text}`),
  };
  globalThis.process = process;
  globalThis.global = globalThis;
  globalThis.queueMicrotask = f => { Promise.resolve().then(f); };

  const timers = new Set();
  let last = 0;
  const timer = repeat => (f, millis, ...values) => {
    const id = ++last;
    const wait = Math.max(1, Math.trunc(Number(millis)) || 0);
    const fire = () => {
      if (!timers.has(id)) return;
      if (repeat) later(fire, wait); else timers.delete(id);
      f(...values);
    };
    timers.add(id);
    later(fire, wait);
    return id;
  };
  const clear = id => { timers.delete(id); };
  Object.assign(globalThis, {
    setTimeout: timer(false), setInterval: timer(true), setImmediate: (f, ...values) => timer(false)(f, 0, ...values),
    clearTimeout: clear, clearInterval: clear, clearImmediate: clear,
  });

  const fs = {
    readFileSync(file, options) {
      if (file !== 0 && file !== '/dev/stdin') throw new Error(`${inspect(file, 1)}: a script has no files but its standard input (0)`);
      const encoding = typeof options === 'string' ? options : options?.encoding;
      return encoding ? stdin : { toString: () => stdin, length: stdin.length };
    },
    writeFileSync(file, text) {
      const fd = { '/dev/stdout': 1, '/dev/stderr': 2 }[file] ?? file;
      if (fd !== 1 && fd !== 2) throw new Error(`${inspect(file, 1)}: a script has no files but its standard output and error (1, 2)`);
      write(fd, String(text));
    },
  };
  fs.writeSync = fs.writeFileSync;
  globalThis.require = name => {
    const known = { fs, process }[String(name).replace(/^node:/, '')];
    if (!known) throw new Error(`cannot find module '${name}': there are node:fs and node:process`);
    return known;
  };

  for (const [name, text] of variables) globalThis[name] = parse(text);

  const AsyncFunction = (async () => {}).constructor;
  return {
    fs, process, describe,
    begin: code => new AsyncFunction(code)(),
    json: value => stringify(value),
    exitCode: () => process.exitCode ?? 0,
  };
})
