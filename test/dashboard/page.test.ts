import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumMissing, launchBrowser, openPage } from './browser.js';
import { SimulatedPlant } from './simulated-plant.js';

/** Runs in the page: walks the shadow trees, which querySelectorAll does not. */
const DEEP = `
  const deep = (root, found = []) => {
    for (const element of root.querySelectorAll('*')) {
      found.push(element);
      if (element.shadowRoot) deep(element.shadowRoot, found);
    }
    return found;
  };`;

describe.skipIf(chromiumMissing)('dashboard in a browser (needs Debian package: chromium)', () => {
  let plant: SimulatedPlant;
  let browser: Browser;

  beforeAll(async () => {
    execFileSync(process.execPath, [fileURLToPath(new URL('../../dashboard/build.mjs', import.meta.url))]);
    plant = await SimulatedPlant.open();
    plant.rememberScores('pump-00', 10, () => 9);
    plant.sink.state('pump-00', 'normal', Date.now());
    plant.sink.state('pump-04', 'off', Date.now());
    for (let i = 1; i <= 30; i++) {
      const raisedMs = Date.now() - i * 3_600_000;
      await plant.raise({ machine: 'pump-04', feed: 'pump-04', raisedMs, clearedMs: raisedMs + 60_000 }, false);
    }
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await plant?.close();
  });

  const card = (page: Page, machine: string) => page.locator(`auscult-machine-card[data-machine="${machine}"]`);
  const inPage = <T>(page: Page, code: string) => page.evaluate<T>(`(() => { ${DEEP} ${code} })()`);

  /** waitForFunction needs eval, which the page's CSP forbids. */
  const waitFor = (page: Page, code: string) => expect.poll(() => inPage(page, code), { timeout: 20_000 }).toBe(true);

  it('shows an anomaly as it happens, plays its clip and acknowledges it', async () => {
    const { page, complaints, close } = await openPage(browser, plant.sink.url);
    await card(page, 'pump-00').getByText('Normal', { exact: true }).waitFor();
    plant.score('pump-00', 41.7);
    await card(page, 'pump-00').locator('[data-score]', { hasText: '41.7' }).waitFor();

    const event = await plant.raise({ words: 'Louder by 6 dB, as a browser can see.' });
    await card(page, 'pump-00').locator('[data-state="anomalous"]').waitFor();
    await card(page, 'pump-00').getByText(event.words).waitFor();
    await page
      .locator('[data-announcement]', { hasText: `pump-00: Anomaly. ${event.words}` })
      .waitFor({ state: 'attached' });
    expect(await page.title()).toBe('(1) Auscult');

    await page.locator(`[data-event="${event.id}"]`).click();
    const dialog = page.getByRole('dialog', { name: 'pump-00' });
    await dialog.waitFor();
    await dialog.getByRole('img', { name: /By frequency: most from 2000–2500 Hz/ }).waitFor();
    await inPage(page, "return deep(document).find((e) => e.tagName === 'AUDIO').play();");
    await waitFor(
      page,
      "const audio = deep(document).find((e) => e.tagName === 'AUDIO'); return audio.duration > 9 && audio.currentTime > 0.1;",
    );

    await dialog.getByRole('button', { name: 'Acknowledge' }).click();
    await dialog.locator('[data-acknowledged]').waitFor();
    expect(plant.commands.at(-1)).toEqual({ command: 'acknowledge', machine: 'pump-00', eventId: event.id });
    expect(plant.store.event(event.id)?.acknowledgedMs).toBeGreaterThan(0);
    await dialog.getByRole('button', { name: 'True alarm' }).click();
    await dialog.getByRole('button', { name: 'True alarm', pressed: true }).waitFor();
    expect(plant.store.event(event.id)?.label).toBe('true-alarm');

    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    plant.sink.event({ ...event, clearedMs: Date.now() }, 'cleared');
    await card(page, 'pump-00').getByText(event.words).waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
    await close();
  });

  it('draws the stored curve and the live spectrogram of the watched machine only', async () => {
    const { page, complaints, close } = await openPage(browser, plant.sink.url);
    await page.getByRole('img', { name: /pump-00.*last 10 minutes/ }).waitFor();
    const spectrogram = page.getByRole('img', { name: /Live spectrogram of pump-00/ });
    await spectrogram.waitFor();
    const timer = setInterval(() => plant.hum('pump-00', false), 100);
    await page.getByText(/Loudest near \d+/).waitFor();
    const colours =
      "const canvas = deep(document).find((e) => e.tagName === 'CANVAS' && e.getAttribute('aria-label')); const { data } = canvas.getContext('2d').getImageData(canvas.width - 200, 20, 190, canvas.height - 60); const seen = new Set(); for (let i = 0; i < data.length; i += 4) seen.add(data[i] * 65536 + data[i + 1] * 256 + data[i + 2]); return seen.size;";
    expect(await inPage<number>(page, colours)).toBeGreaterThan(100);
    clearInterval(timer);
    await card(page, 'pump-04').getByRole('button', { name: 'Show sound' }).click();
    await page.getByRole('img', { name: /Live spectrogram of pump-04/ }).waitFor();
    expect(complaints).toEqual([]);
    await close();
  });

  it('loads more events and filters them by machine', async () => {
    const { page, close } = await openPage(browser, plant.sink.url);
    await page.getByRole('button', { name: 'Load more' }).click();
    await waitFor(page, "return deep(document).filter((e) => e.tagName === 'LI').length === 31;");
    await page.getByRole('button', { name: 'Load more' }).waitFor({ state: 'detached' });
    await page.getByRole('combobox', { name: 'Machine' }).selectOption('pump-00');
    await waitFor(page, "return deep(document).filter((e) => e.tagName === 'LI').length === 1;");
    await close();
  });

  it('asks before it mutes', async () => {
    const { page, close } = await openPage(browser, plant.sink.url);
    const before = plant.commands.length;
    await card(page, 'pump-04').getByRole('button', { name: 'Mute…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Mute alerts: pump-04' });
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(plant.commands).toHaveLength(before);
    await card(page, 'pump-04').getByRole('button', { name: 'Mute…' }).click();
    await dialog.getByLabel('For').selectOption('4 h');
    await dialog.getByRole('button', { name: 'Mute', exact: true }).click();
    await card(page, 'pump-04').getByText('Muted', { exact: true }).waitFor();
    expect(plant.commands.at(-1)).toEqual({ command: 'mute', machine: 'pump-04', minutes: 240 });
    await close();
  });

  it('shows how far learning is, what it promises or why it failed, and asks before it goes back', async () => {
    const { page, complaints, close } = await openPage(browser, plant.sink.url);
    const told = { feed: 'pump-00', machine: 'pump-00', atMs: Date.now() };
    plant.sink.learning?.({ ...told, stage: 'recording', share: 0.4, message: '6 min left' });
    const lesson = card(page, 'pump-00').locator('[data-learning]');
    await lesson.getByText('Recording: 6 min left').waitFor();
    expect(await lesson.getByRole('progressbar').evaluate((bar: { value?: number }) => bar.value)).toBe(0.4);
    plant.sink.learning?.({ ...told, stage: 'done', share: 1, message: 'at most 1 false alarm a week' });
    await lesson.getByText('Learned: at most 1 false alarm a week').waitFor();
    await page.reload();
    await lesson.getByText('Learned: at most 1 false alarm a week').waitFor();
    plant.sink.learning?.({ ...told, stage: 'failed', share: 1, message: 'expected a machine, found none' });
    await lesson.getByText('Not learned: expected a machine, found none').waitFor();

    await card(page, 'pump-00').getByRole('button', { name: 'Go back…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Go back to the model before: pump-00' });
    await dialog.getByRole('button', { name: 'Go back', exact: true }).click();
    await dialog.waitFor({ state: 'hidden' });
    await expect.poll(() => plant.commands.at(-1)).toEqual({ command: 'roll-back', machine: 'pump-00' });
    expect(complaints).toEqual([]);
    await close();
  });

  it('says that the connection was lost, and finds back by itself', async () => {
    const first = await SimulatedPlant.open();
    const { page, close } = await openPage(browser, first.sink.url);
    await page.locator('[data-link="live"]').waitFor();
    await first.close();
    await page
      .getByRole('alert')
      .getByText(/Connection to the service lost/)
      .waitFor();
    const second = await SimulatedPlant.open({ port: first.sink.port });
    expect(second.sink.port).toBe(first.sink.port);
    await page.locator('[data-link="live"]').waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    await close();
    await second.close();
  });

  it('says that the connection was lost when nothing comes through it any more, though nothing closed it', async () => {
    const distant = await SimulatedPlant.open({ limits: { pingIntervalMs: 1_000 } });
    const ends: Socket[] = [];
    let isCut = false;
    const wire = createServer((near) => {
      // Else the page might be back before anybody sees that it was lost.
      if (isCut) return near.destroy();
      const far = connect(distant.sink.port, '127.0.0.1');
      for (const end of [near, far]) ends.push(end.on('error', () => {}));
      near.pipe(far).pipe(near);
    }).listen(0, '127.0.0.1');
    await once(wire, 'listening');
    const { port } = wire.address() as AddressInfo;
    const { page, close } = await openPage(browser, `http://127.0.0.1:${port}/`);
    await page.locator('[data-link="live"]').waitFor();
    await page.waitForTimeout(3_500);
    expect(await page.locator('[data-link]').getAttribute('data-link')).toBe('live');
    isCut = true;
    for (const end of ends) end.unpipe().pause();
    const lost = page.getByRole('alert').getByText(/Connection to the service lost/);
    await lost.waitFor();
    isCut = false;
    await page.locator('[data-link="live"]').waitFor();
    await close();
    for (const end of ends) end.destroy();
    wire.close();
    await distant.close();
  });

  it('loads itself anew when the service behind it was upgraded', async () => {
    const first = await SimulatedPlant.open();
    const { page, close } = await openPage(browser, first.sink.url);
    await page.locator('[data-link="live"]').waitFor();
    const loadedAt = await page.evaluate(() => performance.timeOrigin);
    await first.close();
    const loaded = page.waitForEvent('load');
    const second = await SimulatedPlant.open({ port: first.sink.port, version: '0.2.0' });
    await loaded;
    await page.locator('[data-link="live"]').waitFor();
    expect(await page.evaluate(() => performance.timeOrigin)).toBeGreaterThan(loadedAt);
    await close();
    await second.close();
  });

  it('asks for a login where one is set, and lets go again', async () => {
    const guarded = await SimulatedPlant.open({ credentials: { user: 'ann', password: 'correct horse' } });
    const { page, close } = await openPage(browser, guarded.sink.url);
    await page.getByLabel('User').fill('ann');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page
      .getByRole('alert')
      .getByText(/not right/)
      .waitFor();
    await page.getByLabel('Password').fill('correct horse');
    await page.keyboard.press('Enter');
    await card(page, 'pump-00').waitFor();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('User').waitFor();
    await close();
    await guarded.close();
  });

  it.each([
    { width: 360, colorScheme: 'light' as const },
    { width: 360, colorScheme: 'dark' as const },
    { width: 1920, colorScheme: 'light' as const },
    { width: 1920, colorScheme: 'dark' as const },
  ])('is legible and labelled at $width px, $colorScheme', async ({ width, colorScheme }) => {
    const open = await plant.raise({ words: 'A rattle near 3.2 kHz.' });
    const { page, complaints, close } = await openPage(browser, plant.sink.url, {
      colorScheme,
      viewport: { width, height: 900 },
    });
    await card(page, 'pump-00').getByText(open.words).waitFor();
    expect(await inPage(page, 'return document.documentElement.scrollWidth - innerWidth;')).toBeLessThanOrEqual(0);
    expect(await inPage(page, UNNAMED)).toEqual([]);
    expect(await inPage(page, LOW_CONTRAST)).toEqual([]);
    expect(await page.getByRole('main').count()).toBe(1);
    expect(await page.getByRole('banner').count()).toBe(1);
    expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);

    await page.locator(`[data-event="${open.id}"]`).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'pump-00' }).waitFor();
    expect(await inPage(page, 'return document.documentElement.scrollWidth - innerWidth;')).toBeLessThanOrEqual(0);
    expect(await inPage(page, UNNAMED)).toEqual([]);
    expect(await inPage(page, LOW_CONTRAST)).toEqual([]);
    await page.keyboard.press('Escape');
    expect(await inPage(page, FOCUSED)).toBe(open.id);
    expect(complaints).toEqual([]);
    await close();
  });

  it('would notice colours that are too pale', async () => {
    const { page, close } = await openPage(browser, plant.sink.url);
    await card(page, 'pump-00').waitFor();
    await inPage(page, "document.documentElement.style.setProperty('--ink-soft', '#888888');");
    expect((await inPage<unknown[]>(page, LOW_CONTRAST)).length).toBeGreaterThan(10);
    await close();
  });

  it('can be walked through by keyboard, with a visible focus', async () => {
    const { page, close } = await openPage(browser, plant.sink.url);
    await card(page, 'pump-00').waitFor();
    const seen = new Set<string>();
    for (let i = 0; i < 14; i++) {
      await page.keyboard.press('Tab');
      const { name, outline } = await inPage<{ name: string; outline: string }>(
        page,
        'let e = document.activeElement; while (e.shadowRoot?.activeElement) e = e.shadowRoot.activeElement; return { name: e.textContent.trim().slice(0, 30), outline: getComputedStyle(e).outlineStyle };',
      );
      seen.add(name);
      expect(outline, name).toBe('solid');
    }
    expect([...seen].join()).toMatch(/Show sound.*Mute….*Learn….*Go back….*Test…/);
    await close();
  });

  it('shows which columns of a table are to blame, and which sensor is frozen', async () => {
    const { page, complaints, close } = await openPage(browser, plant.sink.url);
    const labels = ['Flow', 'Current', 'Temperature'];
    const contribution = { energy: 40, axes: [{ axis: 'column' as const, labels, values: [2, -1, 33] }] };
    const raisedMs = Date.now();
    const fault = {
      kind: 'sensor-fault' as const,
      code: 'column-stuck' as const,
      words: 'Flow is 32 for 97 rows',
      raisedMs,
    };
    const stuck = await plant.raise({
      ...fault,
      machine: 'pump-04',
      feed: 'pump-04',
      clearedMs: raisedMs,
      contribution: null,
    });
    const words = 'Temperature 6.0 σ above normal (46, normally 40).';
    const event = await plant.raise({
      machine: 'pump-04',
      feed: 'pump-04',
      raisedMs,
      clearedMs: raisedMs + 1,
      words,
      contribution,
    });
    await page.locator(`[data-event="${stuck.id}"]`, { hasText: 'Sensor fault: frozen column' }).waitFor();
    await page.locator(`[data-event="${event.id}"]`).click();
    const dialog = page.getByRole('dialog', { name: 'pump-04' });
    await dialog.getByText(words).first().waitFor();
    const chart = dialog.locator('auscult-bar-chart', { hasText: 'By column' });
    await chart.getByText('most: Temperature, Flow, Current').waitFor();
    expect(await chart.locator('.rows > span:not(.number)').allTextContents()).toEqual([
      'Temperature',
      'Flow',
      'Current',
    ]);
    expect(complaints).toEqual([]);
    await close();
  });
});

/** Buttons, fields, pictures and sounds that nothing names. */
const UNNAMED = `return deep(document)
  .filter((e) => e.matches('button, select, input, audio, img, dialog[open], [role="img"], section'))
  .filter((e) => {
    const root = e.getRootNode();
    const by = e.getAttribute('aria-labelledby');
    const named = e.getAttribute('aria-label') || (by && root.getElementById(by)?.textContent.trim());
    return !(named || e.hasAttribute('alt') || (e.matches('button') && e.textContent.trim()) || e.labels?.length);
  })
  .map((e) => e.outerHTML.slice(0, 120));`;

/** Elements with text of their own whose colour stands less than 4.5 : 1 from what is painted behind them. */
const LOW_CONTRAST = `
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 1;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const rgb = (colours) => {
    context.clearRect(0, 0, 1, 1);
    for (const colour of colours) { context.fillStyle = colour; context.fillRect(0, 0, 1, 1); }
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (channels) => {
    const [r, g, b] = channels.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (e) => {
    const layers = [];
    for (let at = e; at; at = at.parentElement ?? at.getRootNode().host) layers.unshift(getComputedStyle(at).backgroundColor);
    return layers;
  };
  return deep(document)
    .filter((e) => !e.closest('svg, option, .visually-hidden, :disabled') && e.checkVisibility())
    .filter((e) => [...e.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()))
    .map((e) => {
      const layers = behind(e);
      const [a, b] = [luminance(rgb(layers)), luminance(rgb([...layers, getComputedStyle(e).color]))];
      return { text: e.textContent.trim().slice(0, 40), ratio: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) };
    })
    .filter(({ ratio }) => !(ratio >= 4.5));`;

const FOCUSED = `
  let e = document.activeElement;
  while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
  return e?.dataset?.event;`;
