// Serves pages on loopback as `mailwright serve` does, opens them in Chromium, and says what axe-core,
// the browser itself and a keyboard find in them.
//
// node judge.mjs '{"chromium", "home", "pages": [FILE], "roots": [FOLDER]}' > findings.json
//
// With "shots": FOLDER it also leaves a picture of each.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import { judge, launch, look, unseen } from './browser.mjs';

const settings = JSON.parse(process.argv[2]);
const types = { html: 'text/html; charset=utf-8', svg: 'image/svg+xml' };

// A policy that allows the page's one <style> by its hash, and nothing but pictures of its own.
function policy(html) {
  const [, style] = html.toString('utf8').match(/<style>([^]*?)<\/style>/) ?? [];
  const hash = style === undefined ? "'none'" : `'sha256-${createHash('sha256').update(style).digest('base64')}'`;
  return `default-src 'none'; style-src ${hash}; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;
}

// /page/N is the Nth page, anything else a file by its name in one of the folders.
function answer(request, response) {
  const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
  const number = path.match(/^\/page\/(\d+)$/)?.[1];
  const files = number ? [settings.pages[number]] : settings.roots.map((root) => join(root, basename(path)));
  for (const file of files) {
    try {
      const bytes = readFileSync(file);
      const type = types[file.split('.').pop()] ?? 'application/octet-stream';
      const headers = { 'content-type': type };
      if (number) headers['content-security-policy'] = policy(bytes);
      response.writeHead(200, headers).end(bytes);
      return;
    } catch {
      // Not in this folder.
    }
  }
  // Browsers ask for it by themselves.
  response.writeHead(path === '/favicon.ico' ? 204 : 404).end();
}

const server = createServer(answer);
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${server.address().port}`;
const browser = await launch(settings, '127.0.0.1');
const findings = [];
try {
  for (const [scheme, width] of [['light', 1280], ['dark', 320]]) {
    const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height: 900 } });
    const page = await context.newPage();
    page.setDefaultTimeout(20000);
    let complaints = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('request', (request) => {
      if (!request.url().startsWith(`${origin}/`)) complaints.push(`asks for ${request.url()}`);
    });
    page.on('response', (response) => {
      if (!response.ok()) complaints.push(`${response.status()} ${response.url()}`);
    });
    for (const [number, file] of settings.pages.entries()) {
      complaints = [];
      await page.goto(`${origin}/page/${number}`, { waitUntil: 'load' });
      const has = await look(page);
      if (settings.shots) {
        await page.screenshot({ path: join(settings.shots, `${basename(file)}.${scheme}.png`), fullPage: true });
      }
      const judged = await judge(page);
      findings.push({ ...has, ...judged, file, scheme, width, complaints, unseen: await unseen(page) });
    }
    await context.close();
  }
} finally {
  await browser.close();
  server.close();
}
process.stdout.write(JSON.stringify(findings));
