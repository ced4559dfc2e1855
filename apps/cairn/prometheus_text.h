#pragma once

#include <string>
#include <vector>

#include "apps/cairn/certificate_view.h"
#include "base/clock.h"

namespace cairn {

/// What node_exporter's textfile collector reads (the text format of Prometheus, 0.0.4): for each
/// certificate when it expires, when it is renewed, how it stands, when it was last tried, obtained
/// and failed, and, where that was looked at, whether it is what is served; and for each of its
/// deploy targets whether it has it, when it last learnt of one, and since when that has failed.
/// Times are seconds since 1970.
[[nodiscard]] std::string prometheus_text(const std::vector<CertificateView>& views,
                                          base::Time now);

/// A value of a label, escaped as the format wants it.
[[nodiscard]] std::string escaped_label(std::string_view value);

}  // namespace cairn
