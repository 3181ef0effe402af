//! Plots of how throughput and cost grow with the number of tasks.

use std::path::Path;

use plotters::prelude::*;

use super::{Outcome, Result};
use crate::meter::Figures;

/// The clients drawn, and their colours: told apart also by the colour-blind (Okabe and Ito).
const SERIES: [(&str, RGBColor); 5] = [
    ("redmux-tokio", RGBColor(0, 114, 178)),
    ("redmux-async-std", RGBColor(86, 180, 233)),
    ("rustis", RGBColor(213, 94, 0)),
    ("redis-rs", RGBColor(204, 121, 167)),
    ("fred", RGBColor(120, 120, 120)),
];

type Figure = fn(&Figures) -> Option<f64>;

/// A client's points, in its colour
type Line = (&'static str, RGBColor, Vec<(f64, f64)>);

/// Draws what there are figures for; returns file names and captions.
pub fn draw(outcomes: &[Outcome], folder: &Path) -> Result<Vec<(&'static str, &'static str)>> {
    let mut drawn = Vec::new();
    let plots: [(&str, &str, Figure); 3] = [
        ("throughput.svg", "Operations per second by number of tasks, GET and SET of 64 B", |f| {
            f.ops_s
        }),
        (
            "cpu.svg",
            "Client CPU per operation (µs) by number of tasks, GET and SET of 64 B",
            |f| f.cpu_us,
        ),
        ("latency.svg", "99th percentile of latency (µs) by number of tasks", |f| f.p99_us),
    ];
    for (file, caption, figure) in plots {
        let lines: Vec<Line> = SERIES
            .iter()
            .map(|(client, colour)| (*client, *colour, points(outcomes, client, figure)))
            .filter(|(_, _, points)| points.len() > 2)
            .collect();
        if !lines.is_empty() {
            lines_by_tasks(&folder.join(file), caption, &lines)?;
            drawn.push((file, caption));
        }
    }
    Ok(drawn)
}

fn points(outcomes: &[Outcome], client: &str, figure: Figure) -> Vec<(f64, f64)> {
    let mut points: Vec<_> = outcomes
        .iter()
        .filter(|o| o.row.workload == "mixed" && o.row.size == 64 && o.row.connections == 1)
        .filter_map(|o| Some((o.row.tasks as f64, figure(&o.clients.get(client)?.figures)?)))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

fn lines_by_tasks(file: &Path, caption: &str, lines: &[Line]) -> Result<()> {
    let all = || lines.iter().flat_map(|(_, _, points)| points);
    let least = all().map(|(_, y)| *y).fold(f64::MAX, f64::min);
    let most = all().map(|(_, y)| *y).fold(0.0, f64::max);
    let tasks = all().map(|(x, _)| *x).fold(1.0, f64::max);
    let area = SVGBackend::new(file, (760, 420)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(caption, ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(72)
        .build_cartesian_2d(
            (1.0..tasks * 1.2).log_scale(),
            (least * 0.8..most * 1.3).log_scale(),
        )?;
    chart
        .configure_mesh()
        .x_desc("tasks")
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| match *y {
            y if y >= 1e6 => format!("{:.1} M", y / 1e6),
            y if y >= 1e3 => format!("{:.0} k", y / 1e3),
            y if y >= 10.0 => format!("{y:.0}"),
            y => format!("{y:.1}"),
        })
        .light_line_style(RGBColor(235, 235, 235))
        .draw()?;
    for (client, colour, points) in lines {
        let style = colour.stroke_width(2);
        chart
            .draw_series(LineSeries::new(points.iter().copied(), style).point_size(3))?
            .label(*client)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
    }
    chart
        .configure_series_labels()
        .background_style(WHITE.mix(0.85))
        .border_style(RGBColor(200, 200, 200))
        .position(SeriesLabelPosition::LowerRight)
        .draw()?;
    area.present()?;
    Ok(())
}
