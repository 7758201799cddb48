"""The benchmarks: programs in the language, the same work in other languages, and what measures the one against the other.

catalog    what there is          runners    how each side is built and run
sampling   taking turns           figures    medians, intervals, means
results    a measurement as data  history    measurements over time
gate       slower than before?    tables, dashboard, sizes   what people read
"""
