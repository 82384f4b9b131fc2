// Looking at a page as a person would: what is hidden, how a picture looks, whether texts can be read.
import assert from 'node:assert/strict';
import { shot } from './browser.mjs';

export const isHidden = (page, selector) => page.locator(selector).evaluate((node) => node.hidden);

/** How many colours a canvas shows: through a copy, since a WebGPU canvas keeps no readable context. */
export const coloursOf = async (page) => {
  const bytes = await page.locator('#canvas').screenshot();
  return page.evaluate(async (list) => {
    const bitmap = await createImageBitmap(new Blob([new Uint8Array(list)]));
    const copy = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    copy.drawImage(bitmap, 0, 0);
    const words = new Uint32Array(copy.getImageData(0, 0, bitmap.width, bitmap.height).data.buffer);
    return new Set(words).size;
  }, [...bytes]);
};

/** Text whose contrast with what is behind it is below WCAG's 4.5. */
const faintTexts = (page) =>
  page.evaluate(() => {
    const paint = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const rgba = (colour) => {
      paint.clearRect(0, 0, 1, 1);
      paint.fillStyle = colour;
      paint.fillRect(0, 0, 1, 1);
      return [...paint.getImageData(0, 0, 1, 1).data];
    };
    const light = ([r, g, b]) => {
      const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const behind = (node) => {
      for (let at = node; at; at = at.parentElement) {
        const colour = rgba(getComputedStyle(at).backgroundColor);
        if (colour[3] > 200) return colour;
      }
      return rgba('Canvas');
    };
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
      const node = text.parentElement;
      if (!text.data.trim() || !node.checkVisibility() || node.closest('script, style, option, :disabled, .hidden')) continue;
      const style = getComputedStyle(node);
      const [one, other] = [light(rgba(node.closest('svg') ? style.fill : style.color)), light(behind(node))];
      const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      if (ratio < 4.5) found.push(`${text.data.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
    }
    return found;
  });

/** Controls without a name that a screen reader could say. */
export const namelessControls = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('button, select, input, [role=textbox], canvas, svg[role], progress')]
      .filter((node) => !(node.ariaLabel || node.labels?.length || node.textContent.trim() || node.getAttribute('aria-labelledby')))
      .map((node) => node.outerHTML.slice(0, 80)),
  );

/** At the sizes of a phone and a desk, light and dark: no sideways scrolling, no faint text, a screenshot of each. */
export async function looks(page, name) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    for (const [where, width, height] of [['phone', 390, 844], ['desk', 1280, 900]]) {
      await page.setViewportSize({ width, height });
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width, `${where} scrolls sideways`);
      assert.deepEqual(await faintTexts(page), [], `${where}, ${colorScheme}`);
      await shot(page, `${name}-${where}-${colorScheme}`);
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
}
