;; What the page does to every pixel, over the memory that zstd unpacks into. Pixels come as blue, green, red, unused, and go into the
;; picture as red, green, blue, opaque. Whoever calls has checked that boxes lie inside the picture. Addresses and strides are in bytes.
(module
  (import "zstd" "memory" (memory 1))

  ;; Rows of pixels from the top, one after the other at $from, into a box of the picture whose first pixel is at $to.
  (func (export "put") (param $to i32) (param $stride i32) (param $from i32) (param $width i32) (param $height i32)
    (local $at i32) (local $fours i32) (local $end i32)
    (loop $rows
      (local.set $at (local.get $to))
      (local.set $fours (i32.add (local.get $to) (i32.shl (i32.and (local.get $width) (i32.const -4)) (i32.const 2))))
      (local.set $end (i32.add (local.get $to) (i32.shl (local.get $width) (i32.const 2))))
      (if (i32.lt_u (local.get $at) (local.get $fours))
        (then
          (loop $four
            (v128.store (local.get $at)
              (v128.or
                (v128.const i32x4 0xff000000 0xff000000 0xff000000 0xff000000)
                (i8x16.shuffle 2 1 0 3 6 5 4 7 10 9 8 11 14 13 12 15
                  (v128.load (local.get $from))
                  (v128.load (local.get $from)))))
            (local.set $from (i32.add (local.get $from) (i32.const 16)))
            (br_if $four (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $fours))))))
      (if (i32.lt_u (local.get $at) (local.get $end))
        (then
          (loop $one
            (i32.store (local.get $at)
              (i32.or
                (i32.const 0xff000000)
                (i32.or
                  (i32.shl (i32.load8_u (local.get $from)) (i32.const 16))
                  (i32.or
                    (i32.shl (i32.load8_u offset=1 (local.get $from)) (i32.const 8))
                    (i32.load8_u offset=2 (local.get $from))))))
            (local.set $from (i32.add (local.get $from) (i32.const 4)))
            (br_if $one (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (local.get $end))))))
      (local.set $to (i32.add (local.get $to) (local.get $stride)))
      (br_if $rows (local.tee $height (i32.sub (local.get $height) (i32.const 1))))))

  ;; The same from three planes at $from (PROTOCOL.md, section 7.2, `planes`): green, blue less green, red less green, each value
  ;; less the one to its left. Only the lowest 8 bits of the sums count.
  (func (export "put_planes") (param $to i32) (param $stride i32) (param $from i32) (param $width i32) (param $height i32)
    (local $at i32) (local $end i32) (local $plane i32) (local $second i32)
    (local $green i32) (local $blue i32) (local $red i32)
    (local.set $plane (i32.mul (local.get $width) (local.get $height)))
    (local.set $second (i32.shl (local.get $plane) (i32.const 1)))
    (loop $rows
      (local.set $at (local.get $to))
      (local.set $end (i32.add (local.get $to) (i32.shl (local.get $width) (i32.const 2))))
      (local.set $green (i32.const 0))
      (local.set $blue (i32.const 0))
      (local.set $red (i32.const 0))
      (loop $one
        (local.set $green (i32.add (local.get $green) (i32.load8_u (local.get $from))))
        (local.set $blue (i32.add (local.get $blue) (i32.load8_u (i32.add (local.get $from) (local.get $plane)))))
        (local.set $red (i32.add (local.get $red) (i32.load8_u (i32.add (local.get $from) (local.get $second)))))
        (i32.store (local.get $at)
          (i32.or
            (i32.const 0xff000000)
            (i32.or
              (i32.shl (i32.and (i32.add (local.get $blue) (local.get $green)) (i32.const 255)) (i32.const 16))
              (i32.or
                (i32.shl (i32.and (local.get $green) (i32.const 255)) (i32.const 8))
                (i32.and (i32.add (local.get $red) (local.get $green)) (i32.const 255))))))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (br_if $one (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (local.get $end))))
      (local.set $to (i32.add (local.get $to) (local.get $stride)))
      (br_if $rows (local.tee $height (i32.sub (local.get $height) (i32.const 1)))))))
