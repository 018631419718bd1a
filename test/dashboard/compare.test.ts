import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Contribution, Event } from '../../src/contracts.js';
import { chromiumMissing, launchBrowser, openPage } from './browser.js';
import { ANOMALY, SimulatedPlant } from './simulated-plant.js';

const normalWav = (): Promise<Buffer> =>
  readFile(new URL('../../models/demo-sound/pump-00-normal.wav', import.meta.url));

describe.skipIf(chromiumMissing)('an event beside normal sound, in a browser (needs Debian package: chromium)', () => {
  let plant: SimulatedPlant;
  let browser: Browser;
  beforeAll(async () => {
    execFileSync(process.execPath, [fileURLToPath(new URL('../../dashboard/build.mjs', import.meta.url))]);
    plant = await SimulatedPlant.open();
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await plant?.close();
  });

  /** An event whose recording begins a second before it, with 6 s of normal sound to compare. */
  async function raise(clip?: string): Promise<Event> {
    const wav = await normalWav();
    const short = Buffer.concat([wav.subarray(0, 44), wav.subarray(44, 44 + 6 * 32_000)]);
    const data = new Uint8Array(short);
    const stored = await plant.store.saveClip({ data, type: 'audio/wav', createdMs: Date.now(), eventId: null });
    const contribution: Contribution = {
      ...(ANOMALY.contribution ?? { energy: 0, axes: [] }),
      bands: [{ fromHz: 2_000, toHz: 2_500, changeDb: 9 }],
      times: [{ fromMs: Date.now() + 3_000, toMs: Date.now() + 4_000 }],
      nearestNormal: { clip: clip ?? stored ?? '', distanceDb: 4.25 },
    };
    return plant.raise({ contribution, words: 'Most unusual at 2.0–2.5 kHz (+9 dB).' });
  }

  async function opened(page: Page, event: Event) {
    await page.locator(`[data-event="${event.id}"]`).click();
    const dialog = page.getByRole('dialog', { name: 'pump-00' });
    await dialog.getByRole('heading', { name: 'Listen and compare' }).waitFor();
    const side = (name: string) => dialog.locator(`[data-side="${name}"]`);
    return { dialog, side };
  }

  const inPage = <T>(page: Page, code: string) => page.evaluate<T>(`(() => { ${FIND} ${code} })()`);
  const painted = (page: Page, name: string) =>
    inPage<{ colours: number; length: number }>(page, `const canvas = find('${name}', 'CANVAS'); ${PAINTED}`);
  const state = (page: Page, name: string) =>
    inPage<{ paused: boolean; moved: boolean }>(
      page,
      `const { paused, currentTime } = find('${name}', 'AUDIO'); return { paused, moved: currentTime > 0.1 };`,
    );

  it('draws both on one scale of time, and switches from one to the other', async () => {
    const { page, complaints, close } = await openPage(browser, plant.sink.url);
    const { dialog, side } = await opened(page, await raise());
    await dialog.getByRole('img', { name: 'Spectrogram: the event, 10.0 seconds, marked: 2 kHz to 2.5 kHz' }).waitFor();
    await dialog.getByRole('img', { name: /normal sound most like it, 6\.0 seconds/ }).waitFor();
    await side('normal').getByText('4.3 dB from it on average').waitFor();
    const [event, normal] = [await painted(page, 'event'), await painted(page, 'normal')];
    expect(Math.min(event.colours, normal.colours)).toBeGreaterThan(100);
    expect(event.length).toBeGreaterThan(0.9);
    expect(normal.length / event.length).toBeGreaterThan(0.55);
    expect(normal.length / event.length).toBeLessThan(0.7);

    await dialog.getByRole('button', { name: 'Play the event' }).click();
    await expect.poll(() => state(page, 'event')).toEqual({ paused: false, moved: true });
    await dialog.getByRole('button', { name: 'Switch to normal' }).click();
    await expect.poll(() => state(page, 'normal')).toEqual({ paused: false, moved: true });
    expect((await state(page, 'event')).paused).toBe(true);
    await dialog.getByRole('button', { name: 'Switch to the event' }).click();
    await expect.poll(() => state(page, 'normal')).toEqual({ paused: true, moved: true });
    await side('event')
      .locator('canvas')
      .click({ position: { x: 300, y: 60 } });
    const at = await inPage<number>(page, "return find('event', 'AUDIO').currentTime;");
    expect(at).toBeGreaterThan(3);
    expect(complaints).toEqual([]);
    await close();
  });

  it('marks when it was, above the recording of the event alone', async () => {
    const { page, close } = await openPage(browser, plant.sink.url);
    await opened(page, await raise());
    const marks = (name: string) =>
      inPage<{ from?: number; to?: number }>(page, `const canvas = find('${name}', 'CANVAS'); ${MARKED}`);
    await expect.poll(async () => (await marks('event')).from).toBeGreaterThan(0.3);
    const { from = 0, to = 0 } = await marks('event');
    expect(to - from).toBeGreaterThan(0.06);
    expect(to - from).toBeLessThan(0.12);
    expect(await marks('normal')).toEqual({});
    await close();
  });

  it('says that the normal sound is not stored any more, and plays the event all the same', async () => {
    const { page, close } = await openPage(browser, plant.sink.url);
    const { dialog, side } = await opened(page, await raise('e'.repeat(64)));
    await side('normal').getByText('This recording is not stored any more.').waitFor();
    await dialog.getByRole('button', { name: 'Play the event' }).click();
    await expect.poll(() => state(page, 'event')).toEqual({ paused: false, moved: true });
    await close();
  });

  it('shows one recording where there is nothing to compare it with', async () => {
    const { page, complaints, close } = await openPage(browser, plant.sink.url);
    const event = await plant.raise();
    await page.locator(`[data-event="${event.id}"]`).click();
    const dialog = page.getByRole('dialog', { name: 'pump-00' });
    await dialog.getByRole('heading', { name: 'Recording', exact: true }).waitFor();
    await dialog.getByRole('img', { name: /^Spectrogram: the event, 10\.0 seconds$/ }).waitFor();
    expect(await dialog.locator('audio').count()).toBe(1);
    expect(await dialog.locator('[data-switch]').count()).toBe(0);
    expect(complaints).toEqual([]);
    await close();
  });

  it.each(['light', 'dark'] as const)('fits a narrow screen, %s', async (colorScheme) => {
    const viewport = { width: 360, height: 800 };
    const { page, close } = await openPage(browser, plant.sink.url, { colorScheme, viewport });
    const { side } = await opened(page, await raise());
    await side('normal').locator('canvas').waitFor();
    expect(await inPage<number>(page, 'return document.documentElement.scrollWidth - innerWidth;')).toBeLessThanOrEqual(
      0,
    );
    const box = await side('event').boundingBox();
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(360);
    if (process.env.AUSCULT_SHOTS) await page.screenshot({ path: `${process.env.AUSCULT_SHOTS}/${colorScheme}.png` });
    await close();
  });
});

/** Runs in the page: a player or picture, in whatever shadow. */
const FIND = `
  const deep = (root, found = []) => {
    for (const element of root.querySelectorAll('*')) {
      found.push(element);
      if (element.shadowRoot) deep(element.shadowRoot, found);
    }
    return found;
  };
  const find = (side, tag) => deep(document).find((e) => e.tagName === tag && e.closest('[data-side]')?.dataset.side === side);`;

/** Colours of the upper half, which is free of axes, and the last column that is painted as a share of the width. */
const PAINTED = `
  const { width, height } = canvas;
  const { data } = canvas.getContext('2d').getImageData(0, 8, width, height >> 1);
  const colours = new Set();
  let last = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] < 255) continue;
    colours.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
    last = Math.max(last, (i / 4) % width);
  }
  return { colours: colours.size, length: last / width };`;

/** First and last place of the marks above a picture, as shares of its width. */
const MARKED = `
  const ratio = canvas.width / canvas.clientWidth;
  const { data } = canvas.getContext('2d').getImageData(0, Math.round(3 * ratio), canvas.width, 1);
  const set = Array.from({ length: canvas.width }, (_, x) => x / canvas.width).filter((_, x) => data[4 * x + 3]);
  return { from: set[0], to: set.at(-1) };`;
