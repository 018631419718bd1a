import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumMissing, launchBrowser, openPage } from './browser.js';
import { MEL, SimulatedPlant, verdict } from './simulated-plant.js';

const DAY_MS = 86_400_000;

describe.skipIf(chromiumMissing)('the page for its reader (needs Debian package: chromium)', () => {
  let browser: Browser;
  let plant: SimulatedPlant;

  beforeAll(async () => {
    execFileSync(process.execPath, [fileURLToPath(new URL('../../dashboard/build.mjs', import.meta.url))]);
    browser = await launchBrowser();
    plant = await SimulatedPlant.open({
      feeds: [
        { feed: 'pump-00', machine: 'pump-00', modality: 'audio', mel: MEL },
        { feed: 'left ear', machine: 'pump-04', modality: 'audio', mel: MEL },
        { feed: 'right ear', machine: 'pump-04', modality: 'audio', mel: MEL },
      ],
    });
  });
  afterAll(async () => {
    await browser?.close();
    await plant?.close();
  });

  const sheet = (page: Page) => page.getByRole('dialog', { name: 'pump-00' });
  const card = (page: Page, machine: string) => page.locator(`auscult-machine-card[data-machine="${machine}"]`);

  it('says what came of what was asked in the sheet, and news, where a phone shows them', async () => {
    const event = await plant.raise();
    const viewport = { width: 360, height: 740 };
    const { page, complaints, close } = await openPage(browser, plant.sink.url, { viewport });
    await page.locator(`[data-event="${event.id}"]`).click();
    await sheet(page).getByRole('button', { name: 'Unsure' }).click();
    // By role: what is inert has none.
    await page.getByRole('status').getByText('label: done').waitFor();
    expect(
      await page.evaluate<boolean>(`(() => {
        const { shadowRoot } = document.querySelector('auscult-app');
        const toast = shadowRoot.querySelector('.toast');
        toast.style.pointerEvents = 'auto';
        const { x, y } = toast.getBoundingClientRect();
        return shadowRoot.elementFromPoint(x + 2, y + 2) === toast;
      })()`),
    ).toBe(true);
    const { words } = await plant.raise({ machine: 'pump-04', feed: 'left ear', words: 'A second one.' });
    await page
      .locator('auscult-event-detail [data-announcement]', { hasText: words })
      .waitFor({ state: 'attached', timeout: 10_000 });
    await page.keyboard.press('Escape');
    await expect.poll(() => page.locator('[data-announcement]').allTextContents()).toEqual(['', '']);
    expect(complaints).toEqual([]);
    await close();
  });

  it('keeps an event open that is in no list, when it clears and when the connection was lost', async () => {
    const first = await SimulatedPlant.open();
    const event = await first.raise({ words: 'Old and open.', raisedMs: Date.now() - 3 * DAY_MS });
    for (let i = 1; i <= 30; i++) {
      const raisedMs = Date.now() - i * 60_000;
      await first.raise({ machine: 'pump-04', feed: 'pump-04', raisedMs, clearedMs: raisedMs + 1 }, false);
    }
    const { page, close } = await openPage(browser, first.sink.url);
    await page.locator('[data-link="live"]').waitFor();
    await card(page, 'pump-00').getByRole('button', { name: 'Details' }).click();
    const cleared = { ...event, clearedMs: Date.now() };
    first.sink.event(cleared, 'cleared');
    await card(page, 'pump-00').getByText(event.words).waitFor({ state: 'detached' });
    await sheet(page).getByText(event.words).waitFor();
    expect(await sheet(page).getByText('Ongoing for').count()).toBe(0);
    await first.close();
    await page.locator('[data-link="lost"]').waitFor();
    const second = await SimulatedPlant.open({ port: first.sink.port });
    second.store.recordEvent({ ...cleared, label: 'false-alarm' }, 'cleared', []);
    await page.locator('[data-link="live"]').waitFor();
    await sheet(page).getByRole('button', { name: 'False alarm', pressed: true }).waitFor();
    await close();
    await second.close();
  });

  it('lets the reader see the sound of each feed of a machine', async () => {
    const { page, close } = await openPage(browser, plant.sink.url);
    for (const ear of ['right ear', 'left ear']) {
      await card(page, 'pump-04')
        .getByRole('button', { name: `Show sound of ${ear}` })
        .click();
      await page.getByRole('img', { name: `Live spectrogram of ${ear}` }).waitFor();
    }
    await card(page, 'pump-00').getByRole('button', { name: 'Show sound', exact: true }).waitFor();
    await close();
  });

  it('tells a feed that is not heard any more from one that replays another time', async () => {
    const quiet = await SimulatedPlant.open();
    const { page, close } = await openPage(browser, quiet.sink.url);
    await page.clock.install();
    await page.reload();
    await page.locator('[data-link="live"]').waitFor();
    quiet.sink.verdict(verdict('pump-00', Date.now(), 9));
    quiet.sink.verdict(verdict('pump-04', Date.now() - 400 * DAY_MS, 9));
    for (const machine of ['pump-00', 'pump-04']) await card(page, machine).getByText('Running').waitFor();
    await page.clock.fastForward(2 * DAY_MS);
    for (const machine of ['pump-00', 'pump-04'])
      await card(page, machine)
        .getByText(/2 d 0 h ago/)
        .waitFor();
    await close();
    await quiet.close();
  });

  it('keeps the keyboard where it is when another event comes and the machines change places', async () => {
    const names = Array.from({ length: 8 }, (_, i) => `pump-0${i}`);
    const feeds = names.map((name) => ({ feed: name, machine: name, modality: 'table' as const, mel: null }));
    const large = await SimulatedPlant.open({ feeds });
    const event = await large.raise();
    const { page, close } = await openPage(browser, large.sink.url);
    await page.locator(`[data-event="${event.id}"]`).focus();
    const other = await large.raise({ machine: 'pump-06', feed: 'pump-06', words: 'Another.' });
    await page.locator(`[data-event="${other.id}"]`).waitFor();
    await page.keyboard.press('Enter');
    await sheet(page).waitFor();
    await page.keyboard.press('Escape');
    await card(page, 'pump-00').getByRole('button', { name: 'Acknowledge' }).focus();
    await large.raise({ words: 'A second one of this machine.' });
    await card(page, 'pump-00').getByText('A second one').waitFor();
    await page.keyboard.press('Enter');
    await card(page, 'pump-03').getByRole('button', { name: 'Mute…' }).focus();
    large.sink.state('pump-07', 'anomalous', Date.now());
    await expect.poll(() => page.locator('auscult-machine-card').nth(2).getAttribute('data-machine')).toBe('pump-07');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Mute alerts: pump-03' }).waitFor();
    expect(large.commands).toEqual([]);
    await close();
    await large.close();
  });

  it('draws scores that come one a minute, as pictures do', async () => {
    const slow = await SimulatedPlant.open({
      feeds: [{ feed: 'camera', machine: 'camera', modality: 'image', mel: null }],
    });
    const { page, close } = await openPage(browser, slow.sink.url);
    await page.locator('[data-link="live"]').waitFor();
    for (let ago = 9; ago >= 0; ago--) {
      slow.sink.verdict(verdict('camera', Date.now() - ago * 60_000, ago % 2 === 0 ? 9 : 40));
      await page.waitForTimeout(450); // one message for all that come meanwhile
    }
    // Blue below the threshold, red above: #0f5fbf and #b3201f.
    const inked = () =>
      page.evaluate<number[]>(`(() => {
        const card = document.querySelector('auscult-app').shadowRoot.querySelector('auscult-machine-card');
        const canvas = card.shadowRoot.querySelector('auscult-score-chart').shadowRoot.querySelector('canvas');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        const near = (i, colour) => colour.every((part, k) => Math.abs(data[i + k] - part) < 30) && data[i + 3] > 200;
        const counts = [0, 0];
        for (let i = 0; i < data.length; i += 4) {
          if (near(i, [0x0f, 0x5f, 0xbf])) counts[0]++;
          if (near(i, [0xb3, 0x20, 0x1f])) counts[1]++;
        }
        return counts;
      })()`);
    await expect.poll(async () => Math.min(...(await inked())), { timeout: 8_000 }).toBeGreaterThan(20);
    await close();
    await slow.close();
  });

  it('holds names as long as the configuration takes on the narrowest screen, and shows their bars', async () => {
    const name = 'N'.repeat(60);
    const feeds = [{ feed: name, machine: name, modality: 'table' as const, mel: null }];
    const named = await SimulatedPlant.open({ site: name, feeds });
    const axes = [{ axis: 'column' as const, labels: [name, 'short'], values: [33, -1] }];
    const over = { machine: name, feed: name, contribution: { energy: 40, axes } };
    const anomaly = await named.raise({ ...over, words: `${name} 8.0 σ above normal` });
    const fault = await named.raise({ ...over, kind: 'sensor-fault', code: 'column-changed', words: name });
    const { page, close } = await openPage(browser, named.sink.url, { viewport: { width: 320, height: 700 } });
    const tooWide = () => page.evaluate<string[]>(TOO_WIDE);
    named.sink.verdict({ ...verdict(name, Date.now(), -1.2345e21), threshold: 9.87e15 });
    await card(page, name).locator('[data-score]', { hasText: '−' }).waitFor();
    expect(await tooWide()).toEqual([]);
    await card(page, name).getByRole('button', { name: 'Mute…' }).click();
    await page.getByRole('dialog', { name: `Mute alerts: ${name}` }).waitFor();
    expect(await tooWide()).toEqual([]);
    await page.keyboard.press('Escape');
    for (const { id } of [anomaly, fault]) {
      await page.locator(`[data-event="${id}"]`).click();
      await page.getByRole('dialog', { name }).waitFor();
      expect(await tooWide()).toEqual([]);
      await page.keyboard.press('Escape');
    }
    await page.locator(`[data-event="${anomaly.id}"]`).click();
    const bars = await page.locator('auscult-bar-chart .rows svg').all();
    const widths = await Promise.all(bars.map(async (bar) => (await bar.boundingBox())?.width ?? 0));
    expect(Math.min(...widths)).toBeGreaterThan(50);
    await close();
    await named.close();
  });

  it("writes numbers as its words do, whatever the reader's language", async () => {
    const { page, close } = await openPage(browser, plant.sink.url, { locale: 'de-DE' });
    for (const [statistic, shown] of [
      [-1234.5, '−1235'],
      [12.345, '12.3'],
    ] as const) {
      plant.score('pump-00', statistic);
      await card(page, 'pump-00').locator('[data-score]', { hasText: shown }).waitFor();
    }
    await close();
  });
});

/** In the page: what reaches beyond the window, or is cut off where it must not be. */
const TOO_WIDE = `(() => {
  const deep = (root, found = []) => {
    for (const element of root.querySelectorAll('*')) {
      found.push(element);
      if (element.shadowRoot) deep(element.shadowRoot, found);
    }
    return found;
  };
  return deep(document)
    .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
    .map((e) => e.tagName + '.' + e.className);
})()`;
