// What both judge.mjs and visit.mjs do: start Chromium, ask axe-core, and follow the Tab key.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const rules = {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  rules: { 'target-size': { enabled: true } },
};

// Nothing may leave this machine: every name but `host` ends nowhere.
export const launch = (settings, host, args = []) => chromium.launch({
  executablePath: settings.chromium,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', ...args],
  proxy: { server: 'http://127.0.0.1:9', bypass: host },
  env: { ...process.env, HOME: settings.home },
  timeout: 60000,
});

export async function judge(page) {
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate((rules) => window.axe.run(document, rules), rules);
  return {
    passes: passes.length,
    violations: violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`),
  };
}

// Where the Tab key leads to without the reader seeing it.
export async function unseen(page) {
  const found = [];
  await page.evaluate(() => window.scrollTo(0, 0));
  const count = await page.evaluate(() => document.querySelectorAll('a, button, input:not([type=hidden])').length);
  const seen = new Set();
  for (let step = 0; step < count; step += 1) {
    await page.keyboard.press('Tab');
    const [name, visible] = await page.evaluate(() => {
      const element = document.activeElement;
      const box = element.getBoundingClientRect();
      const style = getComputedStyle(element);
      const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
      const all = [...document.querySelectorAll('a, button, input:not([type=hidden])')];
      const inside = box.width > 0 && box.left >= 0 && box.right <= window.innerWidth + 1;
      return [`${all.indexOf(element)} ${element.outerHTML.slice(0, 80)}`, outlined && inside];
    });
    seen.add(name);
    if (!visible) found.push(name);
  }
  if (seen.size !== count) found.push(`${count} to be reached, ${seen.size} were`);
  return found;
}

export const look = (page) => page.evaluate(() => ({
  background: getComputedStyle(document.body).backgroundColor,
  language: document.documentElement.lang,
  pictures: [...document.images].map((image) => image.naturalWidth),
  title: document.title,
  tooWide: document.scrollingElement.scrollWidth - window.innerWidth,
}));
