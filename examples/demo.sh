#!/bin/sh
# This script shows how to: 1. draw a calm picture with nothing but ffmpeg's own sources 2. make it loop without a seam
# 3. write it as fragments that a live stream can be made of. It writes examples/demo.mp4; a font is the one thing that it borrows.
set -eu
cd "$(dirname "$0")"
font=${FONT:-/usr/share/fonts/truetype/dejavu/DejaVuSans-ExtraLight.ttf}
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

# 0.64 s are 16 pictures at 25 a second and 30 AAC frames at 48 kHz, so 18 times that ends both tracks at once.
period=11.52
# Everything that moves is a function of this angle, which comes round once a period.
p="(2*PI*T/$period)"

# The horizon stands at line 150. Below it, distance shrinks with the logarithm of the line.
sky_r="st(0,Y/150);15+72*ld(0)+150*pow(ld(0),5)"
sky_g="st(0,Y/150);38+108*ld(0)+58*pow(ld(0),5)"
sky_b="st(0,Y/150);66+112*ld(0)+8*pow(ld(0),5)"
sea_r="st(1,(Y-150)/210);132*pow(1-ld(1),4)+6"
sea_g="st(1,(Y-150)/210);118*pow(1-ld(1),3)+34"
sea_b="st(1,(Y-150)/210);112*pow(1-ld(1),2.4)+58"
# A low sun and its glow.
sun="st(2,hypot(X-452,1.15*(Y-141)));"
scene="geq=r='${sun}min(255,if(lt(Y,150),$sky_r,$sea_r)+lt(Y,150)*(70*exp(-ld(2)/46)+150*clip(15-ld(2),0,1)))'\
:g='${sun}min(255,if(lt(Y,150),$sky_g,$sea_g)+lt(Y,150)*(44*exp(-ld(2)/46)+110*clip(15-ld(2),0,1)))'\
:b='${sun}min(255,if(lt(Y,150),$sky_b,$sea_b)+lt(Y,150)*(16*exp(-ld(2)/46)+70*clip(15-ld(2),0,1)))'"

# Ripples: lines that sway, brightest under the sun. They and the floes are drawn on the sea alone, whose first line is 0.
ripples="geq=lum='st(0,log(Y+10));st(1,exp(-pow((X-452)/(34+Y*0.55),2)));\
(26+150*ld(1))*pow(max(0,sin(42*ld(0)+0.8*sin(X/(9*ld(0)-16)+$p)+0.7*sin(X/61-$p)-2*$p)*sin(X/(21*ld(0)-38)+3*ld(0)+$p)),2)*min(1,Y/10)'"

# A row of floes, rounded bars that repeat every $1 pixels and move on by that much in a period:
# spacing, line, half height, offset, half length of the bar and of the one that lies on it, how far they rise.
row() {
  echo "if(lt(abs(Y-$2),4*$3+$7),st(3,mod(X+$4+$1-$1*T/$period,$1)-$1/2)*0+st(4,Y-$2-$7*sin($p+$4))*0+\
clip($3+0.5-hypot(max(abs(ld(3))-$5,0),ld(4)),0,1)+clip($3*0.8+0.5-hypot(max(abs(ld(3)-$5*0.22)-$6,0),ld(4)+1.7*$3),0,1),0)"
}
floes="geq=lum='255*min(1,$(row 91.43 11 1 10 9 3 0.2)+$(row 106.67 17 1.4 33 16 7 0.2)+$(row 128 25 1.9 70 25 11 0.3)+\
$(row 213.33 46 3.2 20 38 19 0.7)+$(row 320 84 5 150 58 30 1.2)+$(row 640 152 9 380 112 62 2))'"

ffmpeg -v error -y \
  -f lavfi -i "color=black:s=640x360:r=25:d=0.04,format=gbrp,$scene,loop=loop=-1:size=1,setpts=N/25/TB,trim=end_frame=288" \
  -f lavfi -i "color=black:s=640x210:r=25,format=gray,$ripples,trim=end_frame=288" \
  -f lavfi -i "color=black:s=640x210:r=25,format=gray,$floes,trim=end_frame=288" \
  -filter_complex "
    color=0xfff0dc:s=640x210:r=25,format=gbrp[glint]; color=0xf2f9fc:s=640x210:r=25,format=gbrp[ice];
    color=0x6fa9c4:s=640x210:r=25,format=gbrp[side]; color=0x06141f:s=640x210:r=25,format=gbrp[shade];
    [2]split=3[top][low][deep]; [deep]boxblur=5:2,lut=y=val*0.5[deep];
    [glint][1]alphamerge[glint]; [ice][top]alphamerge[ice]; [side][low]alphamerge[side]; [shade][deep]alphamerge[shade];
    [0][glint]overlay=y=150:format=gbrp[a]; [a][shade]overlay=y=161:format=gbrp[b]; [b][side]overlay=y=153:format=gbrp[c];
    [c][ice]overlay=y=150:format=gbrp:shortest=1,
    drawtext=fontfile=$font:text='floecast':x=24:y=20:fontsize=26:fontcolor=white@0.9,
    drawtext=fontfile=$font:text='%{eif\:t\:d\:2}':x=w-24-tw:y=20:fontsize=26:fontcolor=white@0.9,
    trim=end_frame=288,format=yuv420p" \
  -c:v libx264 -preset slower -profile:v main -bf 0 -refs 3 -g 32 -keyint_min 32 -sc_threshold 0 -crf 21 -x264-params aq-mode=3 \
  -colorspace bt709 -color_primaries bt709 -color_trc bt709 "$work/picture.mp4"

# Two chords that breathe in turn; every frequency makes a whole number of waves in a period. Three periods are encoded and the
# middle one is taken, so that its first frame follows on its last.
note() { echo "0.034*sin(2*PI*$1/$period*t)*(0.5-0.5*cos(2*PI*($2*t/$period+$3)))"; }
left="$(note 846 1 0.5)+$(note 1267 1 0.6)+$(note 1899 2 0.1)+$(note 2131 1 0.4)+$(note 711 1 0)+$(note 1066 1 0.1)+$(note 1692 2 0.3)+$(note 2534 1 0.9)"
right="$(note 846 1 0.5)+$(note 1269 1 0.45)+$(note 1897 2 0.35)+$(note 2133 1 0.6)+$(note 711 1 0)+$(note 1068 1 0.95)+$(note 1690 2 0.55)+$(note 2536 1 0.1)"
ffmpeg -v error -y -f lavfi -i "aevalsrc='$left|$right':s=48000:d=36" -c:a aac -b:a 64k "$work/three.aac"
ffmpeg -v error -y -i "$work/three.aac" -c copy -bsf:a "noise=drop='lt(n,540)+gte(n,1080)'" "$work/sound.aac"

# The head of a fragmented file is written first, so it must be known by then how the sound is coded: from ADTS it is not.
ffmpeg -v error -y -i "$work/sound.aac" -c copy -bsf:a aac_adtstoasc "$work/sound.m4a"
ffmpeg -v error -y -i "$work/picture.mp4" -i "$work/sound.m4a" -c copy -map_metadata -1 -fflags +bitexact \
  -movflags +frag_keyframe+empty_moov+default_base_moof -frag_duration 320000 demo.mp4
ls -l demo.mp4
