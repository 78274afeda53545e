/// What fio 3.33 knows: generated from `fio --cmdhelp=NAME` and `fio --enghelp=ENGINE,NAME`.
///
/// One line an option: name, alias, kind of value, range, and the engines that alone have it.
enum FioOptionText {
  static let table = """
    description||text||
    name||text||
    wait_for||text||
    filename||text||
    lockfile||text||
    directory||text||
    filename_format||text||
    unique_filename||bool|0..1|
    opendir||text||
    rw|readwrite|text||
    bs|blocksize|int|1..|
    ba|blockalign|int|1..|
    bsrange|blocksize_range|ranges||
    bssplit||text||
    bs_unaligned|blocksize_unaligned|flag||
    randrepeat||bool|0..1|
    randseed||text||
    norandommap||flag||
    ignore_error||text||
    rw_sequencer||text||
    ioengine||text||
    iodepth||int|1..|
    iodepth_batch|iodepth_batch_submit|int|0..|
    iodepth_batch_complete_min|iodepth_batch_complete|int|0..|
    iodepth_batch_complete_max||int|0..|
    iodepth_low||int|0..|
    serialize_overlap||bool|0..1|
    io_submit_mode||text||
    size||size||
    io_size|io_limit|size||
    fill_device|fill_fs|bool|0..1|
    filesize||text||
    file_append||bool|0..1|
    offset|fileoffset|size||
    offset_increment||size||
    offset_align||int|0..|
    number_ios||text||
    random_generator||text||
    random_distribution||text||
    percentage_random||int|0..100|
    allrandrepeat||bool|0..1|
    nrfiles|nr_files|int|0..|
    file_service_type||text||
    openfiles||int|0..|
    fallocate||text||
    fadvise_hint||text||
    fsync||int|0..|
    fdatasync||int|0..|
    write_barrier||int|0..|
    sync_file_range||text||
    direct||bool|0..1|
    atomic||bool|0..1|
    buffered||bool|0..1|
    overwrite||bool|0..1|
    loops||int|0..|
    numjobs||int|0..|
    startdelay||time||
    runtime|timeout|time||
    time_based||flag||
    verify_only||flag||
    ramp_time||time||
    clocksource||text||
    mem|iomem|text||
    verify||text||
    do_verify||bool|0..1|
    verify_interval||int|80..|
    verify_offset||int|40..|
    verify_pattern||text||
    verify_fatal||bool|0..1|
    verify_dump||bool|0..1|
    verify_async||int|0..|
    verify_backlog||text||
    verify_backlog_batch||int|0..|
    experimental_verify||bool|0..1|
    verify_state_load||bool|0..1|
    verify_state_save||bool|0..1|
    trim_percentage||int|0..100|
    trim_verify_zero||bool|0..1|
    trim_backlog||text||
    trim_backlog_batch||int|0..|
    write_iolog||text||
    read_iolog||text||
    read_iolog_chunked||bool|0..1|
    replay_no_stall||bool|0..1|
    replay_redirect||text||
    replay_scale||int|0..|
    replay_align||int|0..|
    replay_time_scale||int|1..|
    replay_skip||text||
    merge_blktrace_file||text||
    merge_blktrace_scalars||floats||
    merge_blktrace_iters||floats||
    exec_prerun||text||
    exec_postrun||text||
    ioscheduler||text||
    zonemode||text||
    zonesize||text||
    zonecapacity||text||
    zonerange||text||
    zoneskip||size||
    read_beyond_wp||bool|0..1|
    max_open_zones||int|0..4096|
    job_max_open_zones||int|0..4096|
    ignore_zone_limits||bool|0..1|
    zone_reset_threshold||floats||
    zone_reset_frequency||floats||
    lockmem||text||
    rwmixread||int|0..100|
    rwmixwrite||int|0..100|
    nice||int|-20..19|
    prio||int|0..7|
    prioclass||int|0..3|
    thinktime||int|0..|
    thinktime_spin||int|0..|
    thinktime_blocks||int|0..|
    thinktime_blocks_type||text||
    thinktime_iotime||int|0..|
    rate||int|0..|
    rate_min|ratemin|int|0..|
    rate_process||text||
    rate_cycle|ratecycle|int|0..|
    rate_ignore_thinktime||bool|0..1|
    rate_iops||int|0..|
    rate_iops_min||int|0..|
    max_latency||int|0..|
    latency_target||time||
    latency_window||time||
    latency_percentile||floats||
    latency_run||bool|0..1|
    invalidate||bool|0..1|
    sync||text||
    write_hint||text||
    create_serialize||bool|0..1|
    create_fsync||bool|0..1|
    create_on_open||bool|0..1|
    create_only||bool|0..1|
    allow_file_create||bool|0..1|
    allow_mounted_write||bool|0..1|
    pre_read||bool|0..1|
    cpumask||int|0..|
    cpus_allowed||text||
    cpus_allowed_policy||text||
    numa_cpu_nodes||text||
    numa_mem_policy||text||
    end_fsync||bool|0..1|
    fsync_on_close||bool|0..1|
    unlink||bool|0..1|
    unlink_each_loop||bool|0..1|
    exitall||flag||
    exit_what||text||
    exitall_on_error||flag||
    stonewall|wait_for_previous|flag||
    new_group||flag||
    thread||flag||
    per_job_logs||bool|0..1|
    write_bw_log||optional||
    bwavgtime||int|0..|
    write_lat_log||optional||
    write_iops_log||optional||
    iopsavgtime||int|0..|
    log_entries||int|1024..1048576|
    log_avg_msec||int|0..|
    log_hist_msec||int|0..|
    log_hist_coarseness||int|0..|
    write_hist_log||optional||
    log_max_value||bool|0..1|
    log_offset||bool|0..1|
    log_prio||bool|0..1|
    log_compression||int|1024..536870912|
    log_compression_cpus||text||
    log_store_compressed||bool|0..1|
    log_unix_epoch||bool|0..1|
    log_alternate_epoch||bool|0..1|
    log_alternate_epoch_clock_id||int|0..|
    block_error_percentiles||bool|0..1|
    group_reporting||flag||
    stats||bool|0..1|
    zero_buffers||flag||
    refill_buffers||flag||
    scramble_buffers||bool|0..1|
    buffer_pattern||text||
    buffer_compress_percentage||int|0..100|
    buffer_compress_chunk||int|0..|
    dedupe_percentage||int|0..100|
    dedupe_mode||text||
    dedupe_working_set_percentage||int|0..100|
    dedupe_global||bool|0..1|
    clat_percentiles||bool|0..1|
    lat_percentiles||bool|0..1|
    slat_percentiles||bool|0..1|
    percentile_list||floats||
    significant_figures||int|1..10|
    disk_util||bool|0..1|
    gtod_reduce||bool|0..1|
    disable_lat||bool|0..1|
    disable_clat||bool|0..1|
    disable_slat||bool|0..1|
    disable_bw_measurement|disable_bw|bool|0..1|
    gtod_cpu||int|0..|
    unified_rw_reporting||text||
    continue_on_error||text||
    error_dump||bool|0..1|
    profile||text||
    cgroup||text||
    cgroup_nodelete||bool|0..1|
    cgroup_weight||int|100..1000|
    uid||int|0..|
    gid||int|0..|
    kb_base||text||
    unit_base||text||
    hugepage-size||int|0..|
    flow_id||int|0..|
    flow||int|0..1000|
    flow_sleep||int|0..|
    steadystate|ss|text||
    steadystate_duration|ss_dur|time||
    steadystate_ramp_time|ss_ramp|time||
    cpuload||int||cpuio
    cpuchunks||int||cpuio
    cpumode||text||cpuio
    exit_on_io_done||bool||cpuio
    thp||int||mmap
    hipri||flag||pvsync2 sg io_uring io_uring_cmd
    hipri_percentage||int|0..100|pvsync2
    uncached||int||pvsync2 io_uring io_uring_cmd
    nowait||bool||pvsync2 io_uring io_uring_cmd libaio
    hostname||text||net netsplice rdma
    port||int|1..65535|net netsplice rdma
    protocol|proto|text||net netsplice
    nodelay||bool||net netsplice
    listen||flag||net netsplice
    pingpong||flag||net netsplice
    interface||text||net netsplice
    ttl||int||net netsplice
    window_size||int||net netsplice
    mss||int||net netsplice
    stat_type||text||filestat
    program||text||exec
    arguments||text||exec
    grace_time||int||exec
    std_redirect||bool||exec
    donorname||text||e4defrag
    inplace||int|0..1|e4defrag
    volume||text||gfapi gfapi_async
    brick||text||gfapi gfapi_async
    single-instance||bool||gfapi gfapi_async
    skip_bad||bool||mtd
    readfua||bool||sg
    writefua||bool||sg
    sg_write_mode||text||sg
    stream_id||int||sg
    cmdprio_percentage||int|0..100|io_uring io_uring_cmd libaio
    cmdprio_class||int|1..3|io_uring io_uring_cmd libaio
    cmdprio||int|0..7|io_uring io_uring_cmd libaio
    cmdprio_bssplit||text||io_uring io_uring_cmd libaio
    fixedbufs||flag||io_uring io_uring_cmd
    registerfiles||flag||io_uring io_uring_cmd
    sqthread_poll||flag||io_uring io_uring_cmd
    sqthread_poll_cpu||int||io_uring io_uring_cmd
    nonvectored||int||io_uring io_uring_cmd
    force_async||int||io_uring io_uring_cmd
    cmd_type||text||io_uring io_uring_cmd
    uri||text||nbd
    userspace_reap||flag||libaio
    bindname||text||rdma
    verb|proto|text||rdma
    clustername||text||rados rbd
    pool||text||rados rbd
    clientname||text||rados rbd
    conf||text||rados
    busy_poll||bool||rados rbd
    touch_objects||bool||rados
    rbdname||text||rbd
    """
}
