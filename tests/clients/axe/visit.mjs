// Goes through the pages of a running `mailwright serve` in Chromium as a person does, with the
// keyboard, and says what was there.
//
// node visit.mjs '{"chromium", "home", "host", "port", "address", "wrong", "unknown", "shots"}' > visit.json
//
// "shots" is null, or a folder that is left with a picture of each page.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { judge, launch, look, unseen } from './browser.mjs';

const settings = JSON.parse(process.argv[2]);
const origin = `http://${settings.host}`;
// People type no port.
const browser = await launch(settings, settings.host, [`--host-resolver-rules=MAP ${settings.host}:80 127.0.0.1:${settings.port}`]);
const visits = [];

async function context(options) {
  const context = await browser.newContext({ acceptDownloads: true, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20000);
  const complaints = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`)) complaints.push(`asks for ${request.url()}`);
  });
  const statuses = new Map();
  page.on('response', (response) => statuses.set(response.url(), [response.status(), response.headers()]));
  return { context, page, complaints, statuses };
}

// What can be said of the page that is open, under a name.
async function visit(name, { page, complaints, statuses }, scheme, width) {
  const path = page.url().slice(origin.length);
  const [status, headers] = statuses.get(page.url());
  const text = await page.evaluate(() => document.querySelector('main').innerText);
  const has = await look(page);
  if (settings.shots) {
    await page.screenshot({ path: join(settings.shots, `${name}.${scheme}.${width}.png`), fullPage: true });
  }
  // A page with an error's status is told to the console by the browser itself.
  const own = complaints.splice(0).filter((words) => !/^Failed to load resource: .* status of 40[04] /.test(words));
  const judged = await judge(page);
  // Languages change no more than words.
  const hidden = name.includes(' in ') ? [] : await unseen(page);
  visits.push({ ...has, ...judged, name, path, status, headers, scheme, width, text, complaints: own, unseen: hidden });
}

// Types into the field that only the Tab key has led to, and sends it.
async function type(page, address) {
  for (let step = 0; step < 40; step += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(() => document.activeElement.id === 'email')) break;
  }
  await page.keyboard.type(address);
  await Promise.all([page.waitForNavigation({ waitUntil: 'load' }), page.keyboard.press('Enter')]);
}

// Presses Enter on the link that only the Tab key has led to.
async function press(page, selector) {
  for (let step = 0; step < 60; step += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((selector) => document.activeElement.matches(selector), selector)) break;
  }
  await page.keyboard.press('Enter');
}

const schemes = [['light', 1280], ['dark', 320]];
const result = { visits };
try {
  for (const [scheme, width] of schemes) {
    const own = await context({ colorScheme: scheme, viewport: { width, height: 900 }, locale: 'en-US' });
    const { page } = own;
    await page.goto(`${origin}/`, { waitUntil: 'load' });
    await visit('start', own, scheme, width);
    for (const name of ['wrong', 'unknown', 'address']) {
      await page.goto(`${origin}/`, { waitUntil: 'load' });
      own.complaints.length = 0;
      await type(page, settings[name]);
      await visit(name, own, scheme, width);
    }
    await page.goto(`${origin}/?email=${encodeURIComponent(settings.address)}`, { waitUntil: 'load' });
    await Promise.all([page.waitForNavigation({ waitUntil: 'load' }), press(page, 'a[href^="./guide."]')]);
    await visit('guide', own, scheme, width);
    await own.context.close();
  }

  // By the browser's language, and then by the link to another one, for somebody.
  for (const locale of ['de-AT', 'fr-CA', 'es-MX', 'ko-KR']) {
    const own = await context({ colorScheme: 'light', viewport: { width: 1280, height: 900 }, locale });
    await own.page.goto(`${origin}/`, { waitUntil: 'load' });
    await visit(`start in ${locale}`, own, 'light', 1280);
    await type(own.page, settings.address);
    await visit(`address in ${locale}`, own, 'light', 1280);
    await Promise.all([own.page.waitForNavigation({ waitUntil: 'load' }), press(own.page, 'a[hreflang=fr]')]);
    await visit(`address in ${locale}, then French`, own, 'light', 1280);
    await own.context.close();
  }

  const own = await context({ locale: 'en-US' });
  await own.page.goto(`${origin}/?email=${encodeURIComponent(settings.address)}`, { waitUntil: 'load' });
  const waiting = own.page.waitForEvent('download');
  await press(own.page, 'a.button');
  const download = await waiting;
  result.download = {
    name: download.suggestedFilename(),
    path: download.url().slice(origin.length),
    bytes: readFileSync(await download.path()).toString('base64'),
  };

  // A policy that nothing was held back by is no proof that there is one.
  const broken = await own.page.evaluate(async () => {
    const broken = [];
    document.addEventListener('securitypolicyviolation', (event) => broken.push(event.effectiveDirective));
    document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = true' }));
    document.body.append(Object.assign(document.createElement('style'), { textContent: 'body { color: red }' }));
    document.body.append(Object.assign(document.createElement('img'), { src: 'http://elsewhere.test/x.png' }));
    document.body.append(Object.assign(document.createElement('iframe'), { src: '/' }));
    await fetch('/').catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 300));
    return { ran: window.ran ?? false, broken: [...new Set(broken)].sort() };
  });
  result.policy = broken;
} finally {
  await browser.close();
}
process.stdout.write(JSON.stringify(result));
