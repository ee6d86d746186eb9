// static/*.js -> static/built: what is served, and its compressed forms. The same sources give the
// same bytes; tests/browser/test_browser_build.py compares. `make module` runs it.
//
//   node build.mjs [folder]
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import zopfli from "@gfx/zopfli";
import { build } from "esbuild";
import { minify } from "terser";

// Zopfli's own handlers would print its whole source above any error of ours.
for (const type of ["uncaughtException", "unhandledRejection"]) process.removeAllListeners(type);

const HOME = join(dirname(fileURLToPath(import.meta.url)), "static");
const TARGET = process.argv[2] ?? join(HOME, "built");

// Names that begin with _ are ours alone, and may become shorter.
const OPTIONS = {
  module: true,
  toplevel: true,
  ecma: 2022,
  compress: {
    passes: 4,
    unsafe: true,
    unsafe_arrows: true,
    unsafe_methods: true,
    pure_getters: true,
  },
  mangle: { properties: { regex: /^_/ } },
  format: { comments: false },
};

// FULL is false in the core alone: what its pages do without is not in it.
async function bundle(entry) {
  const { outputFiles } = await build({
    entryPoints: [join(HOME, entry)],
    absWorkingDir: HOME,
    outdir: HOME,
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    define: { FULL: String(entry !== "core.js") },
    sourcemap: "external",
  });
  const [map, script] = outputFiles; // by name: .js.map, then .js, whichever way esbuild has them
  return map.path.endsWith(".map") ? [script.text, map.text] : [map.text, script.text];
}

// A function becomes a variable: an arrow is shorter than the word, and variables share one `var`.
// Nothing here is called above the line where it stands. Lines stay as they are, for the source map.
function arrows(text) {
  const declared = /^(async )?function (\w+)\((.*)\) \{\n([^]*?)^\}$/gm;
  return text.replace(declared, "var $2 = $1($3) => {\n$4};");
}

// As small as the two formats can be: a file is compressed once and sent often.
async function write(name, text) {
  const bytes = Buffer.from(text);
  const params = {
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_FONT, // a few bytes better than as text
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  const shrunk = brotliCompressSync(bytes, { params });
  const zipped = await zopfli.gzipAsync(bytes, {});
  zipped[9] = 255; // the system it was made on is nobody's business, and would differ
  writeFileSync(join(TARGET, name), bytes);
  writeFileSync(join(TARGET, `${name}.gz`), zipped);
  writeFileSync(join(TARGET, `${name}.br`), shrunk);
  return `${name}: ${bytes.length} bytes, ${zipped.length} as gzip, ${shrunk.length} as brotli`;
}

async function make(entry) {
  const [text, content] = await bundle(entry);
  const { code, map } = await minify(arrows(text), { ...OPTIONS, sourceMap: { content, includeSources: true } });
  const name = entry.replace("parts/", "");
  await write(`${name}.map`, map);
  console.log(await write(name, `${code}\n`));
}

rmSync(TARGET, { recursive: true, force: true });
mkdirSync(TARGET, { recursive: true });
const PARTS = readdirSync(join(HOME, "parts")).filter((name) => name !== "libraries.js");
for (const entry of ["analytics.js", "core.js", ...PARTS.map((name) => `parts/${name}`)]) {
  await make(entry);
}
