// The part of ECharts that the usage pages need, and the portal's way to draw with it.
import { init, use } from 'echarts/core';
import { BarChart, HeatmapChart, LineChart } from 'echarts/charts';
import {
  AriaComponent, CalendarComponent, GridComponent, MarkAreaComponent, MarkPointComponent,
  TooltipComponent, VisualMapPiecewiseComponent,
} from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';

use([
  BarChart, HeatmapChart, LineChart, AriaComponent, CalendarComponent, GridComponent,
  MarkAreaComponent, MarkPointComponent, TooltipComponent, VisualMapPiecewiseComponent, SVGRenderer,
]);

// "var(--peak)" in an option becomes the colour that the token has where the chart stands.
function resolve(value, styles) {
  if (typeof value === 'string') {
    return value.replace(/var\((--[\w-]+)\)/g, (_, name) => styles.getPropertyValue(name).trim());
  }
  if (Array.isArray(value)) return value.map((each) => resolve(each, styles));
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, resolve(each, styles)]));
  }
  return value;
}

// A page writes <figure class="plot" data-chart="ID"><div class="canvas"></div></figure> and
// <script type="application/json" id="ID"> with an ECharts option. The table beside it says the same.
function draw(figure) {
  const canvas = figure.querySelector('.canvas');
  const source = document.getElementById(figure.dataset.chart);
  if (!canvas || !source) return;
  const option = JSON.parse(source.textContent);
  const chart = init(canvas, null, { renderer: 'svg' });
  const paint = () => {
    const styles = getComputedStyle(figure);
    chart.setOption({
      animation: false,
      textStyle: { fontFamily: styles.fontFamily },
      ...resolve(option, styles),
    }, true);
  };
  paint();
  canvas.setAttribute('aria-hidden', 'true');
  new ResizeObserver(() => chart.resize()).observe(canvas);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', paint);
  figure.dataset.drawn = '';
}

const drawAll = (within) => within.querySelectorAll('[data-chart]:not([data-drawn])').forEach(draw);
drawAll(document);
document.addEventListener('htmx:afterSettle', (event) => drawAll(event.target));
